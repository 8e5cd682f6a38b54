"""Is this body a message we accept? Shape first, then every rule; all-or-nothing, all complaints listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import orjson

from newsletter.sandbox import rules
from newsletter.sandbox.complaints import Complaint
from newsletter.sandbox.schema import MessageSchema
from newsletter.sandbox.shapes import Message, is_on

MAX_BODY: Final = 30_000_000
"""Bytes. "30 MB" is read as the smaller of its two meanings."""

_UNVERIFIED: Final = "The from address does not match a verified sender."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Either a message that may be accepted, or a status and what is wrong."""

    status: HTTPStatus
    complaints: tuple[Complaint, ...] = ()
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Senders:
    """Who may stand in `from`: whole addresses and whole domains, in lower case. None at all means anyone."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def allows(self, email: str) -> bool:
        """Whether this account has verified `email`."""
        folded = email.lower()
        if not self.addresses and not self.domains:
            return True
        return folded in self.addresses or folded.rpartition("@")[2] in self.domains


@dataclass(frozen=True, slots=True)
class Checker:
    """Everything that decides about a message."""

    schema: MessageSchema
    senders: Senders = Senders()
    strict: bool = True

    def judge(self, body: bytes, at: float) -> Verdict:
        """What to answer to `body` at `at` Unix seconds."""
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _unreadable(body)
        complaints = self._complaints(document, at)
        if complaints:
            return Verdict(max(one.status for one in complaints), tuple(complaints))
        message = cast("Message", document)
        return Verdict(HTTPStatus.OK if _asks_for_sandbox_mode(message) else HTTPStatus.ACCEPTED, (), message)

    def _complaints(self, document: Any, at: float) -> list[Complaint]:  # noqa: ANN401 - any JSON at all
        found, sound = self.schema.complaints(document)
        if not sound:
            return found
        message = cast("Message", document)
        found += rules.broken(message, at, strict=self.strict)
        return found or list(self._unverified(message))

    def _unverified(self, message: Message) -> Iterator[Complaint]:
        """Looked at last: a malformed request is told so before its sender is."""
        for field, email in _senders(message):
            if not self.senders.allows(email):
                yield Complaint(_UNVERIFIED, field, HTTPStatus.FORBIDDEN)


def _senders(message: Message) -> Iterator[tuple[str, str]]:
    yield "from", message["from"]["email"]
    for row, one in enumerate(message["personalizations"]):
        if "from" in one:
            personal = cast("Message", one)
            yield f"personalizations.{row}.from", personal["from"]["email"]


def _unreadable(body: bytes) -> Verdict:
    """Not UTF-8 is 415; UTF-8 that is no JSON is 400."""
    try:
        body.decode()
    except UnicodeDecodeError:
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return Verdict(status, (Complaint("The body must be UTF-8.", None, status),))
    return Verdict(HTTPStatus.BAD_REQUEST, (Complaint("Bad Request"),))


def _asks_for_sandbox_mode(message: Message) -> bool:
    return is_on(message.get("mail_settings"), "sandbox_mode")
