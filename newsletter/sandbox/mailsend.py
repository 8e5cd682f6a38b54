"""`POST /v3/mail/send`: read, check, journal, answer. In this order, always.

This is bare ASGI: a benchmark sends a million readers through it, and the faults need the raw connection.
"""

import hmac
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from newsletter.sandbox import clock
from newsletter.sandbox.check import MAX_BODY, Checker
from newsletter.sandbox.complaints import error_body, plain_error
from newsletter.sandbox.faults import NONE, Fault, Script
from newsletter.sandbox.journal import Journal, entry_of
from newsletter.sandbox.misbehave import (
    ELSEWHERE,
    JSON,
    accepted_headers,
    answer_with_a_twist,
    strike_early,
    strike_late,
)
from newsletter.sandbox.shapes import Message
from newsletter.sandbox.wire import Exchange, Headers, Receive, Scope, Send, Wires

PATH: Final = "/v3/mail/send"
REMEMBERED_REFUSALS: Final = 100


@dataclass(slots=True)
class Counts:
    """What the requests came to since the start; the journal has the accepted ones for good."""

    requests: int = 0
    accepted: int = 0
    sandbox_mode: int = 0
    redirects_followed: int = 0
    by_status: dict[int, int] = field(default_factory=dict)
    refusals: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED_REFUSALS))

    def shown(self) -> dict[str, Any]:
        """The figures, copied, since they are asked for by another thread."""
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "sandbox_mode": self.sandbox_mode,
            "redirects_followed": self.redirects_followed,
            "by_status": {str(status): count for status, count in list(self.by_status.items())},
        }


@dataclass(frozen=True, slots=True)
class MailSend:
    """The endpoint.

    Args:
        refuse: closes the listening port for some seconds.
        accepted: told after each journalled request, for whoever follows the journal.
        latency: seconds to wait before every proper answer.
        keep_alive: False answers every request with `Connection: close`.
    """

    key: str
    checker: Checker
    journal: Journal
    script: Script
    wires: Wires
    refuse: Callable[[float], None]
    accepted: Callable[[], None]
    latency: float = 0.0
    keep_alive: bool = True
    counts: Counts = field(default_factory=Counts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One exchange."""
        self.counts.requests += 1
        wire = self.wires.get(scope["client"])
        if wire is None:  # the connection was lost before its request came to its turn
            return
        exchange = Exchange(scope, receive, send, wire)
        if scope["path"] == ELSEWHERE:
            self.counts.redirects_followed += 1
            await self._refuse(exchange, HTTPStatus.NOT_FOUND, plain_error(HTTPStatus.NOT_FOUND))
            return
        fault = self.script.next()
        if fault.is_early:
            await strike_early(fault, exchange, self.refuse)
            return
        try:
            await self._serve(fault, exchange)
        except ConnectionError:
            # The client left before its request was complete: nothing is accepted, nobody is there to be told.
            return

    async def _serve(self, fault: Fault, exchange: Exchange) -> None:
        headers = dict(exchange.scope["headers"])
        if int(headers.get(b"content-length", b"0")) >= MAX_BODY:
            await self._refuse(exchange, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = await exchange.read(MAX_BODY)
        if not fault.accepts:
            await strike_late(fault, exchange, new_message_id())
        elif body is None:
            await self._refuse(exchange, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif problem := self._problem(exchange.scope["method"], headers):
            await self._refuse(exchange, problem)
        else:
            await self._consider(body, fault, exchange)

    def _problem(self, method: str, headers: dict[bytes, bytes]) -> HTTPStatus | None:
        """What is wrong with the head, if anything."""
        if method != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        wanted = f"Bearer {self.key}".encode()
        if not hmac.compare_digest(headers.get(b"authorization", b""), wanted):
            return HTTPStatus.UNAUTHORIZED
        # Compressed bodies need enabling by SendGrid's support; an account without it sees bytes that are no UTF-8.
        if headers.get(b"content-encoding", b"identity") != b"identity":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return None

    async def _consider(self, body: bytes, fault: Fault, exchange: Exchange) -> None:
        verdict = self.checker.judge(body, clock.now())
        if verdict.message is None:
            await self._refuse(exchange, verdict.status, error_body(verdict.complaints))
        elif verdict.status is HTTPStatus.OK:
            self.counts.sandbox_mode += 1
            self._count(HTTPStatus.OK)
            await exchange.answer(HTTPStatus.OK, self._connection())
        else:
            await self._accept(verdict.message, fault, exchange)

    async def _accept(self, message: Message, fault: Fault, exchange: Exchange) -> None:
        message_id = new_message_id()
        name = None if fault.kind == NONE.kind else fault.name
        try:
            await self.journal.append(entry_of(message, message_id, clock.now(), name))
        except OSError:
            # What is not on disk was not accepted, and must not be answered as if it were.
            await self._refuse(exchange, HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        self.counts.accepted += 1
        self.accepted()
        await self._answer(fault, exchange, message_id)

    async def _answer(self, fault: Fault, exchange: Exchange, message_id: str) -> None:
        if self.latency:
            await exchange.sleep_or_leave(self.latency)
        if fault.kind == NONE.kind:
            self._count(HTTPStatus.ACCEPTED)
            await exchange.answer(HTTPStatus.ACCEPTED, accepted_headers(message_id) + self._connection())
        elif fault.name.startswith("accept-"):
            await strike_late(fault, exchange, message_id)
        else:
            self._count(HTTPStatus.ACCEPTED)
            await answer_with_a_twist(fault, exchange, message_id)

    async def _refuse(self, exchange: Exchange, status: HTTPStatus, body: bytes | None = None) -> None:
        body = body or plain_error(status)
        self._count(status)
        self.counts.refusals.append({"time": clock.iso(clock.now()), "status": int(status), "body": body.decode()})
        headers = [JSON, *self._connection()]
        if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            headers.append((b"connection", b"close"))  # else the rest of the body would have to be read
        await exchange.answer(status, headers, body)

    def _count(self, status: HTTPStatus) -> None:
        self.counts.by_status[int(status)] = self.counts.by_status.get(int(status), 0) + 1

    def _connection(self) -> Headers:
        return [] if self.keep_alive else [(b"connection", b"close")]


def new_message_id() -> str:
    """22 base64url characters, as in `X-Message-Id`."""
    return secrets.token_urlsafe(16)
