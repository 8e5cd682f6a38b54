"""Plays one fault on one exchange. Each function ends the exchange."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from newsletter.sandbox import clock
from newsletter.sandbox.complaints import Complaint, error_body, plain_error
from newsletter.sandbox.faults import ANSWERS, Fault
from newsletter.sandbox.wire import Exchange, Headers

JSON: Final = (b"content-type", b"application/json")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")
NOTHING_IS_SENT: Final = ("X-Sandbox", "nothing is sent")
"""In every answer of this program, so that nobody takes it for the real service."""

ELSEWHERE: Final = "/v3/mail/send/elsewhere"
"""Where redirects point: a client that follows one carries its key there, which is counted."""

_PAGE: Final = b"<!doctype html><title>Error</title><h1>The gateway could not make sense of this</h1>"
_CHALLENGES: Final = {
    "401-key": "The provided authorization grant is invalid, expired, or revoked",
    "401-credits": "Maximum credits exceeded",
}


def accepted_headers(message_id: str) -> Headers:
    """The headers of a proper 202."""
    return [(b"x-message-id", message_id.encode())]


async def strike_early(fault: Fault, exchange: Exchange, refuse: Callable[[float], None]) -> None:
    """Fail before the body has been read; `refuse` closes the port for some seconds."""
    if fault.kind == "stall-before-reading":
        exchange.wire.pause_reading()
        await asyncio.sleep(fault.seconds)
        await exchange.reset()
        return
    if fault.kind == "cut-body":
        await exchange.receive()
    if fault.kind == "refuse":
        refuse(fault.seconds)
    await exchange.reset()


async def strike_late(fault: Fault, exchange: Exchange, message_id: str) -> None:
    """Fail after the body has been read (and, if the fault accepts, journalled under `message_id`)."""
    if fault.kind in ANSWERS:
        await _answer_badly(fault, exchange)
    else:
        await _PLAYERS[fault.kind](fault, exchange, message_id)


async def answer_with_a_twist(fault: Fault, exchange: Exchange, message_id: str) -> None:
    """The proper 202, late or on a connection that does not last."""
    headers = accepted_headers(message_id)
    if fault.kind == "late":
        await exchange.sleep_or_leave(fault.seconds)
    if fault.kind == "connection-close":
        headers.append((b"connection", b"close"))
    await exchange.answer(HTTPStatus.ACCEPTED, headers)
    if fault.kind == "idle-close":
        asyncio.get_running_loop().call_later(fault.seconds, exchange.wire.close)


async def _answer_badly(fault: Fault, exchange: Exchange) -> None:
    status, _ = ANSWERS[fault.kind]
    if fault.kind.startswith("html-"):
        await exchange.answer(status, [HTML], _PAGE)
    elif status < HTTPStatus.MULTIPLE_CHOICES:
        await exchange.answer(status, [])
    elif status < HTTPStatus.BAD_REQUEST:
        await exchange.answer(status, [(b"location", ELSEWHERE.encode())])
    elif fault.kind == "400-row":
        complaint = Complaint("Does not contain a valid address.", f"personalizations.{fault.row}.to")
        await exchange.answer(status, [JSON], error_body([complaint]))
    else:
        await exchange.answer(status, [JSON, *_pace(fault)], plain_error(status, _CHALLENGES.get(fault.kind)))


def _pace(fault: Fault) -> Headers:
    """What a 429 may say about when to come again; by default it says nothing."""
    headers: Headers = []
    if fault.reset_in is not None:
        headers.append((b"x-ratelimit-reset", str(int(clock.now() + fault.reset_in)).encode()))
    if fault.retry_after is not None:
        headers.append((b"retry-after", fault.retry_after.encode()))
    return headers


async def _close(_: Fault, exchange: Exchange, __: str) -> None:
    await exchange.hang_up()


async def _stall(fault: Fault, exchange: Exchange, _: str) -> None:
    await exchange.sleep_or_leave(fault.seconds)
    await exchange.hang_up()


async def _truncated(_: Fault, exchange: Exchange, message_id: str) -> None:
    exchange.write_raw(_raw_head(message_id, 100) + b"cut here")
    await exchange.hang_up()


async def _trickle(fault: Fault, exchange: Exchange, message_id: str) -> None:
    for byte in _raw_head(message_id, 0):
        if exchange.wire.is_closing():
            break
        exchange.write_raw(bytes([byte]))
        await asyncio.sleep(fault.gap)
    await exchange.hang_up()


def _raw_head(message_id: str, length: int) -> bytes:
    lines = ("HTTP/1.1 202 Accepted", f"X-Message-Id: {message_id}", f"Content-Length: {length}", "Connection: close")
    return "\r\n".join([*lines, ": ".join(NOTHING_IS_SENT), "", ""]).encode()


async def _garbage(_: Fault, exchange: Exchange, __: str) -> None:
    exchange.write_raw(b"\x16\x03\x01 this is no HTTP \x00\xff\r\n\r\n")
    await exchange.hang_up()


_PLAYERS: Final[dict[str, Callable[[Fault, Exchange, str], Awaitable[None]]]] = {
    "close": _close,
    "stall": _stall,
    "truncated": _truncated,
    "trickle": _trickle,
    "garbage": _garbage,
}
