"""Joins the parts and runs them: the application, the listening socket and its closing on request."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from newsletter.sandbox import signing
from newsletter.sandbox.api import Api, as_json
from newsletter.sandbox.check import Checker, Senders
from newsletter.sandbox.complaints import plain_error
from newsletter.sandbox.desk import Desk
from newsletter.sandbox.inbox import Inbox
from newsletter.sandbox.journal import Journal
from newsletter.sandbox.mailsend import PATH, MailSend
from newsletter.sandbox.misbehave import ELSEWHERE, NOTHING_IS_SENT
from newsletter.sandbox.options import Options, is_loopback
from newsletter.sandbox.poster import Poster
from newsletter.sandbox.schema import MessageSchema
from newsletter.sandbox.store import Store
from newsletter.sandbox.wire import Receive, Scope, Send, Wires, watched_protocol

BACKLOG: Final = 2048
GRACE: Final = 1
"""Seconds that exchanges get to end when the program is stopped; a stalled one would never end."""


class StandIn(uvicorn.Server):
    """The running program. `refuse` closes the port for a while: connections are refused as if nobody were there."""

    def __init__(self, options: Options) -> None:
        wires: Wires = {}
        self.desk = _desk(options)
        self.sending = MailSend(
            key=options.api_key,
            checker=_checker(options),
            journal=self.desk.journal,
            script=self.desk.script,
            wires=wires,
            refuse=self.refuse,
            accepted=self.desk.follower.nudge,
            latency=options.latency,
            keep_alive=options.keep_alive,
        )
        self._options = options
        self._listener = _listening(options.host, options.port)
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(_config(options, self._application(), wires))

    @property
    def address(self) -> str:
        """Where to reach it."""
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def serve_until_stopped(self) -> None:
        """Run until SIGTERM or SIGINT."""
        # uvicorn raises the signal again once it has shut down; by default that would end us before the threads end.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)
        if self._options.end_with_input:
            threading.Thread(target=_end_with_input, name="input", daemon=True).start()
        self.desk.start()
        try:
            self.run([self._listener])
        finally:
            self.desk.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce the address once connections are taken."""
        await super().startup(sockets)
        key = self.desk.poster.signer.public_key
        print(f"SendGrid stand-in at {self.address} (nothing is sent); webhook key {key}", flush=True)  # noqa: T201 - its one line
        if self._options.ready_file:
            port = self._listener.getsockname()[1]
            _announce(self._options.ready_file, {"port": port, "pid": os.getpid(), "address": self.address})

    def refuse(self, seconds: float) -> None:
        """Close the port and every idle connection, and open the port again after `seconds`."""
        task = asyncio.get_running_loop().create_task(self._refuse(seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _refuse(self, seconds: float) -> None:
        host, port = self._listener.getsockname()[:2]
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.close()
        await asyncio.sleep(seconds)
        self._listener = _listening(host, port)
        loop = asyncio.get_running_loop()
        self.servers = [await loop.create_server(self._protocol, sock=self._listener, backlog=BACKLOG)]

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = kind(config=self.config, server_state=self.server_state, app_state={})
        return protocol

    def _application(self) -> Callable[[Scope, Receive, Send], Any]:
        routes = Api(self.desk, self.sending.counts, self.refuse).routes() + Inbox(self.desk).routes()
        site = Starlette(routes=routes, exception_handlers={HTTPStatus.NOT_FOUND: _not_found})

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] in {PATH, ELSEWHERE}:
                await self.sending(scope, receive, send)
            elif self._options.allow_remote or _is_own(Request(scope)):
                await site(scope, receive, send)
            else:
                answer = as_json({"error": "This page is only for this machine."}, HTTPStatus.FORBIDDEN)
                await answer(scope, receive, send)

        return application


def _end_with_input() -> None:
    """A pipe ends with the program at its other end, even one that was killed."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(_: int, __: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _is_own(request: Request) -> bool:
    """Keeps other sites' pages out: they may point a name at this machine, or post a form to it."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    # A page in the sandboxed frame has the origin `null`, and has no business to act here.
    strange = origin is not None and urlsplit(origin).netloc != host
    return is_loopback(urlsplit(f"//{host}").hostname or "") and not (strange and request.method != "GET")


async def _not_found(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/v3/"):
        return Response(plain_error(HTTPStatus.NOT_FOUND), HTTPStatus.NOT_FOUND, media_type="application/json")
    return as_json({"error": "not found"}, HTTPStatus.NOT_FOUND)


def _desk(options: Options) -> Desk:
    journal = Journal(options.state)
    store = Store(options.state / "index.sqlite3")
    signer = signing.kept_in(options.state)
    desk: Desk
    poster = Poster(
        store=store,
        signer=signer,
        webhook=options.webhook,
        interval=options.batch_interval,
        switches=lambda: desk.switches,
        seed=options.seed,
        keep_events=options.keep_mails,
    )
    desk = Desk(options, journal, store, poster, options.switches)
    return desk


def _checker(options: Options) -> Checker:
    schema = MessageSchema(strict=options.strict)
    return Checker(schema, Senders(options.senders, options.from_domains), options.strict)


def _config(options: Options, application: Callable[[Scope, Receive, Send], Any], wires: Wires) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=watched_protocol(wires),
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=[NOTHING_IS_SENT],
        timeout_keep_alive=int(options.idle_timeout) or 1,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
    )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _announce(path: Path, facts: dict[str, Any]) -> None:
    """Appear whole or not at all: whoever waits for the file reads it at once."""
    rough = path.with_suffix(".part")
    rough.write_bytes(orjson.dumps(facts))
    rough.replace(path)
