"""`newsletter subscribers`: add, import, undo, export, show, erase."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.output import product, progress, say, show, show_json
from newsletter.jobs import readers as jobs
from newsletter.jobs.readers import FileImport, NewReader

app = typer.Typer(no_args_is_help=True)

ListSlug = Annotated[str | None, typer.Option("--list", help="Slug of the mailing list.")]


@app.command("add")
def add(
    email: str,
    list_slug: ListSlug = None,
    name: str = "",
    language: Annotated[str, typer.Option(help="ko or en.")] = "ko",
    sections: Annotated[str, typer.Option(help="Keys joined by |, or * for all.")] = "*",
    categories: Annotated[str, typer.Option(help="Names joined by |, or * for all.")] = "*",
    consent_source: Annotated[str, typer.Option(help="Where the person agreed; without it nothing is mailed.")] = "",
    consent_at: Annotated[str, typer.Option(help="When: 2026-11-01 or with a time.")] = "",
) -> None:
    """Add one reader. Without a proof of consent the subscription waits for confirmation."""
    reader = NewReader(email, name, language, sections, categories, consent_source, consent_at)
    with product() as parts:
        state = jobs.add(parts, list_slug, reader)
    say(f"Added; the subscription is {state}.")


@app.command("import")
def import_(
    file: Path,
    list_slug: ListSlug = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Where rejected rows go, with line and reason.")] = None,
    consent_source: Annotated[str, typer.Option(help="The file's own declaration: where people agreed.")] = "",
    consent_at: Annotated[str, typer.Option(help="When they agreed.")] = "",
    consent_proof: Annotated[str, typer.Option(help="What proves it.")] = "",
    consent_owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Import a CSV of readers. Bad rows are set aside with their reason and never stop the rest.

    A row without its own consent_at and consent_source stays unconfirmed and gets no mail, unless the four --consent
    options declare it for the whole file.
    """
    wanted = FileImport(file, consent_source, consent_at, consent_proof, consent_owner, dry_run, errors)
    with product() as parts, progress() as bar:
        done = jobs.import_file(parts, list_slug, wanted, bar)
    counts = {str(fate): count for fate, count in done.counts.items()}
    if as_json:
        show_json({"import": done.import_id, "rows": done.row_count, **counts})
        return
    for what, count in counts.items():
        show(f"{what}: {count:,}")
    for row in done.rejected[:5]:
        say(f"line {row.line}: {row.reason}")
    if len(done.rejected) > 5 and not errors:
        say("… and more; --errors FILE writes them all.")
    if done.import_id is not None:
        say(f"Import {done.import_id}. Within 24 hours: newsletter subscribers undo {done.import_id}")


@app.command("undo")
def undo(import_id: int) -> None:
    """Take an import back: what it created goes, unless the reader has changed it since."""
    with product() as parts, progress() as bar:
        undone = jobs.undo(parts, import_id, bar)
    say(f"Import {import_id} is undone: {undone.removed:,} removed, {undone.ended:,} in use already and ended,")
    say(f"{undone.kept:,} kept because they were changed since.")


@app.command("export")
def export(list_slug: ListSlug = None, file: Annotated[Path | None, typer.Option("-o", "--output")] = None) -> None:
    """Write all readers of a list as CSV, in the form that `import` reads, with their status."""
    with product() as parts:
        if file is None:
            jobs.export(parts, list_slug, sys.stdout)
            return
        with file.open("w", encoding="utf-8", newline="") as target, progress() as bar:
            count = jobs.export(parts, list_slug, target, bar)
    say(f"{count:,} readers written to {file}.")


@app.command("show")
def show_reader(email: str) -> None:
    """Everything that is stored about one person, as JSON."""
    with product() as parts:
        show_json(jobs.story(parts, email))


@app.command("erase")
def erase(email: str, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> None:
    """Erase a person for good: address, name, wishes. Sums of past campaigns stay."""
    if not yes:
        typer.confirm("Erase this person for good?", abort=True, err=True)
    with product() as parts:
        jobs.erase(parts, email)
    say("Erased.")
