"""What an HTTP answer of SendGrid means: reliability.md, section 3, as one function. Pure.

The first row that fits decides. Only a 202 with a message id, to a body that went out whole, is an acceptance.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import orjson

from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome

_NAMED: Final = re.compile(r"personalizations[.\[](\d{1,4})(?:[.\]]|$)")
_ADDRESS: Final = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
_MAX_DETAIL: Final = 400
_MAX_WAIT_DIGITS: Final = 12


class Found(Protocol):
    """Headers, found by name whatever its case."""

    def get(self, name: str, /) -> str | None:
        """The header's value, or None where there is no such header."""
        ...


def classify(status: int, headers: Found, body: bytes, now: datetime, *, body_left_whole: bool) -> Outcome:
    """The outcome of an answer."""
    message_id = headers.get("X-Message-Id") or None
    errors = _errors(body)
    detail = _detail(status, errors)
    if status == HTTPStatus.ACCEPTED and message_id and body_left_whole:
        return Outcome(WireClass.ACCEPTED, message_id, status)
    if 200 <= status < 300:
        return Outcome(WireClass.UNKNOWN, message_id, status, f"{status}, which promises nothing")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome(WireClass.THROTTLED, None, status, detail, retry_at=retry_at(headers, now))
    wire = _refusal(status, is_readable=errors is not None)
    named = named_recipients(errors or []) if wire is WireClass.REFUSED else ()
    return Outcome(wire, None, status, detail, named)


def _refusal(status: int, *, is_readable: bool) -> WireClass:
    if 300 <= status < 400:
        return WireClass.REFUSED_CONFIGURATION
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return WireClass.REFUSED_ACCOUNT
    if not 400 <= status < 500 or status == HTTPStatus.REQUEST_TIMEOUT or not is_readable:
        return WireClass.UNKNOWN
    if status in {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    }:
        return WireClass.REFUSED
    return WireClass.REFUSED_OURS


def named_recipients(errors: list[dict[str, Any]]) -> tuple[int, ...]:
    """The personalizations that a refusal names, in order; empty if any part of it is about the whole request."""
    found: set[int] = set()
    for error in errors:
        match = _NAMED.match(str(error.get("field") or ""))
        if match is None:
            return ()
        found.add(int(match[1]))
    return tuple(sorted(found))


def retry_at(headers: Found, now: datetime) -> datetime | None:
    """The moment a 429 names: Retry-After in seconds or as a date (RFC 9110, 10.2.3), else X-RateLimit-Reset."""
    text = (headers.get("Retry-After") or "").strip()
    if _is_number(text):
        return now + timedelta(seconds=min(int(text), 10**9))
    if text and (moment := _date(text)) is not None:
        return moment
    reset = (headers.get("X-RateLimit-Reset") or "").strip()
    if not _is_number(reset):
        return None
    try:
        return datetime.fromtimestamp(int(reset), UTC)
    except (ValueError, OverflowError):
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_WAIT_DIGITS


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _errors(body: bytes) -> list[dict[str, Any]] | None:
    """The list of errors, or None where the body is not what SendGrid writes: a gateway's page proves nothing."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    errors = read.get("errors") if isinstance(read, dict) else None
    if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
        return None
    return errors


def _detail(status: int, errors: list[dict[str, Any]] | None) -> str:
    if not errors:
        return f"HTTP {status}"
    messages = "; ".join(str(error.get("message")) for error in errors[:5])
    return without_addresses(f"HTTP {status}: {messages}")[:_MAX_DETAIL]


def without_addresses(text: str) -> str:
    """The text with every address taken out: it is stored and logged."""
    return _ADDRESS.sub("<address>", text)
