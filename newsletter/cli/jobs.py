"""`newsletter jobs`: what the clock does, and doing it now."""

from __future__ import annotations

import typer

from newsletter.cli.output import product, show
from newsletter.jobs.regular import JOBS, run_job

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """The regular jobs, how often the clock runs them, and what for."""
    for name, job in JOBS.items():
        show(f"{name:<22} every {job.every:>3} s  {job.purpose}")


@app.command("run")
def run(name: str) -> None:
    """Run one job now; doing it beside the clock does no harm."""
    with product() as parts:
        show(run_job(parts, name))
