"""`newsletter serve`, `up` and `sandbox`: what keeps running."""

from __future__ import annotations

import os
import signal
import sys
import threading
from importlib.metadata import entry_points
from typing import Annotated, Any, Self

import structlog
import typer
import uvicorn

from newsletter.cli.output import product, say
from newsletter.jobs import sending
from newsletter.jobs.product import Product
from newsletter.kit.log import configure
from newsletter.web.app import create_app

GRACE = 3
"""Seconds that open connections get when the server is asked to stop."""
AGAIN = 5.0
"""Seconds until lanes that failed as a whole (the database was away) are started anew."""

_log = structlog.get_logger("newsletter.running")

Host = Annotated[str, typer.Option(help="Address to listen on; put a TLS proxy in front of anything but loopback.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """The site: pages for readers, and the provider's webhook."""
    with product() as parts:
        configure(as_json=parts.settings.log_json)
        say(f"Listening on http://{host}:{port} · Ctrl-C stops")
        _run(site_server(parts, host, port))


def up(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Everything on one machine: the site, the clock and the sending lanes in one process."""
    with product() as parts:
        configure(as_json=parts.settings.log_json)
        with Background(parts):
            say(f"Listening on http://{host}:{port}, clock and {parts.settings.lanes} lanes running · Ctrl-C stops")
            _run(site_server(parts, host, port))


def sandbox(context: typer.Context) -> None:
    """The SendGrid stand-in, with its inbox. It takes the place of this process, so that signals reach it."""
    os.execv(sys.executable, [sys.executable, "-m", "newsletter.sandbox", *context.args])  # noqa: S606 -- our own program


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


def _run(server: uvicorn.Server) -> None:
    """Serve until Ctrl-C or SIGTERM, and return.

    uvicorn repeats the signal to whoever listened before it: by default that ends the process on the spot, with the
    lanes' calls under way (R-03). A further signal while they drain changes nothing.
    """

    def ask(*_: object) -> None:
        server.should_exit = True

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, ask)
    server.run()


class Background:
    """The clock and the lanes beside the site; leaving the block drains both.

    Entering raises `StateError` where another process is sending. Lanes that fail as a whole are started anew.
    """

    def __init__(self, parts: Product, again: float = AGAIN) -> None:
        self._parts = parts
        self._again = again
        self._stop = threading.Event()
        self._lanes = threading.Thread(target=self._send, name="lanes", daemon=True)
        self._clock = _clock(parts)

    def __enter__(self) -> Self:
        sending.require_alone(self._parts)
        self._lanes.start()
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._clock.shutdown(wait=True)
        self._lanes.join()

    def _send(self) -> None:
        while not self._stop.is_set():
            try:
                with sending.runner(self._parts) as lanes:
                    lanes.run_forever(self._stop)
            except Exception as error:  # noqa: BLE001 -- a site without lanes would look well and send nothing for ever
                _log.error("lanes failed", error=type(error).__name__, again_in=self._again)
                self._stop.wait(self._again)


def _clock(parts: Product) -> Any:  # noqa: ANN401 -- the scheduler's own type; only scheduler.py knows that library
    (entry,) = entry_points(group="newsletter.clock", name="scheduler")
    return entry.load()(parts)
