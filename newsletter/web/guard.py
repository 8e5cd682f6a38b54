"""The outermost wall of the site: limits, origin of unsafe requests, headers, errors, one log line.

It wraps everything, so that an answer that no route gave has the same headers as any other. The log names the route's
template and never the path: paths hold tokens (S-07).
"""

from __future__ import annotations

from collections.abc import Collection
from time import perf_counter

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.web.csrf import is_exempt, is_own
from newsletter.web.headers import completed
from newsletter.web.pages import problem

TEMPLATE = "newsletter.route"
"""Where in the scope a route leaves its template for the log."""
MEGABYTE = 1 << 20
MAX_BODY = MEGABYTE
MAX_PATH = 1000
MAX_HOOK_BODY = 4 * MEGABYTE

_log = structlog.get_logger("newsletter.web.access")


class TooLarge(Exception):  # noqa: N818 -- reads as the sentence it is
    """The body is longer than this route takes."""


class Guard:
    """ASGI middleware. `trusted` are the origins whose forms may change something."""

    def __init__(self, app: ASGIApp, trusted: Collection[str]) -> None:
        self._app = app
        self._trusted = frozenset(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        answer = _Answer(send)
        request = Request(scope)
        try:
            await self._pass(request, _limited(scope, receive), answer)
        except TooLarge:
            await _refuse(request, 413, receive, answer)
        except Exception as error:  # noqa: BLE001 -- the outermost loop: closed, with a page and a line, for any cause
            _log.error("failed", route=scope.get(TEMPLATE, ""), error=type(error).__name__, at=_where(error))
            await _refuse(request, 500, receive, answer)
        _log.info(
            "request",
            method=scope["method"],
            route=scope.get(TEMPLATE, "unmatched"),
            status=answer.status,
            ms=round(1000 * (perf_counter() - started), 1),
        )

    async def _pass(self, request: Request, receive: Receive, answer: _Answer) -> None:
        status = self._objection(request)
        if status is None:
            await self._app(request.scope, receive, answer)
        else:
            await _refuse(request, status, receive, answer)

    def _objection(self, request: Request) -> int | None:
        headers, path = request.headers, request.scope["path"]
        if len(path) > MAX_PATH or not path.isprintable():
            return 404  # no address of ours, and PostgreSQL takes no NUL
        if headers.get("content-encoding", "identity").lower() != "identity":
            return 415
        length = headers.get("content-length")
        if length is not None and not (length.isascii() and length.isdigit()):
            return 400
        if int(length or 0) > _limit(path):
            return 413
        if is_exempt(request.method, path):
            return None
        own = is_own(self._trusted, headers.get("origin"), headers.get("sec-fetch-site"), headers.get("host"))
        return None if own else 403


class _Answer:
    """`send`, with the headers completed and the status remembered."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": completed(message.get("headers", ()))}
        await self._send(message)


async def _refuse(request: Request, status: int, receive: Receive, answer: _Answer) -> None:
    if not answer.status:  # else the answer is under way, and the server cuts it
        headers = {"Connection": "close"} if status == 413 else None
        await problem(request, status, headers)(request.scope, receive, answer)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive` that counts: a body without a length, or with a false one, is stopped at the limit."""
    limit = _limit(scope["path"])
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise TooLarge
        return message

    return counted


def _limit(path: str) -> int:
    return MAX_HOOK_BODY if path.startswith("/webhooks/") else MAX_BODY


def _where(error: BaseException) -> str:
    """The line of our code that failed; messages and values may be personal and stay out."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "newsletter" in code.co_filename or "subscribers" in code.co_filename:
            place = f"{code.co_qualname}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
