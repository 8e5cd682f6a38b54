"""`newsletter serve`, `up` and `sandbox`: what keeps running."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.metadata import entry_points
from typing import Annotated, Any, Self

import typer
import uvicorn

from newsletter.cli.output import product, say
from newsletter.jobs import sending
from newsletter.jobs.product import Product
from newsletter.kit.log import configure
from newsletter.web.app import create_app

GRACE = 3
"""Seconds that open connections get when the server is asked to stop."""

Host = Annotated[str, typer.Option(help="Address to listen on; put a TLS proxy in front of anything but loopback.")]
Port = Annotated[int, typer.Option(help="Port to listen on.")]


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """The site: pages for readers, and the provider's webhook."""
    with product() as parts:
        configure(as_json=parts.settings.log_json)
        say(f"Listening on http://{host}:{port} · Ctrl-C stops")
        site_server(parts, host, port).run()


def up(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Everything on one machine: the site, the clock and the sending lanes in one process."""
    with product() as parts:
        configure(as_json=parts.settings.log_json)
        with Background(parts):
            say(f"Listening on http://{host}:{port}, clock and {parts.settings.lanes} lanes running · Ctrl-C stops")
            site_server(parts, host, port).run()


def sandbox(context: typer.Context) -> None:
    """The SendGrid stand-in, with its inbox. Options go to `python -m newsletter.sandbox`, see `--help` there."""
    raise typer.Exit(subprocess.call([sys.executable, "-m", "newsletter.sandbox", *context.args]))  # noqa: S603 -- our own


def site_server(parts: Product, host: str, port: int) -> uvicorn.Server:
    """The site's server; it logs no addresses of its own, since those hold tokens."""
    config = uvicorn.Config(
        create_app(parts),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)


class Background:
    """The clock and the lanes beside the site; leaving the block drains both."""

    def __init__(self, parts: Product) -> None:
        self._parts = parts
        self._stop = threading.Event()
        self._lanes = threading.Thread(target=self._send, name="lanes", daemon=True)
        self._clock = _clock(parts)

    def __enter__(self) -> Self:
        self._lanes.start()
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._clock.shutdown(wait=True)
        self._lanes.join()

    def _send(self) -> None:
        with sending.runner(self._parts) as lanes:
            lanes.run_forever(self._stop)


def _clock(parts: Product) -> Any:  # noqa: ANN401 -- the scheduler's own type; only scheduler.py knows that library
    (entry,) = entry_points(group="newsletter.clock", name="scheduler")
    return entry.load()(parts)


def child_environment(**changes: str) -> dict[str, str]:
    """This process's environment with some settings changed, for programs it starts."""
    return {**os.environ, **changes}
