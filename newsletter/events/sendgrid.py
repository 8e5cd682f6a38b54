"""SendGrid's Event Webhook: is a post genuine, and what do its events say in our words?

Written against the documented fields and the odd ones seen on the wire: `attempt` a string, `tls` 1 or 0, `category`
a string or an array, a bounce without `status`, an asynchronous bounce without any id. Only what is used is looked
at, so that a new or strange member elsewhere harms nothing.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.errors import SettingsError
from newsletter.events.bounces import classify
from newsletter.events.framing import Unreadable, elements
from newsletter.events.judgement import signal_of
from newsletter.events.vocabulary import HITS, EventKind, ProviderEvent, Signal

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_KINDS = {
    "processed": EventKind.PROCESSED,
    "dropped": EventKind.DROPPED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "bounce": EventKind.BOUNCE,
    "open": EventKind.OPEN,
    "click": EventKind.CLICK,
    "spamreport": EventKind.SPAM_REPORT,
    "unsubscribe": EventKind.UNSUBSCRIBE,
    "group_unsubscribe": EventKind.UNSUBSCRIBE,
}
"""`group_resubscribe` is not here: nothing from outside revives a subscription. Account notices are not about mail."""

_DELIVERY = re.compile(r"([1-9]\d{0,15})-([1-9]\d{0,8})")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_REASON_LENGTH = 400
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800
"""The years 2000 to 2100, in Unix seconds."""


class BadEvent(Exception):  # noqa: N818 -- it names the thing that is put aside
    """An event that can't be applied; the message names the member, never its value."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The pinned public keys; several while rotating. Without any key, every post is refused."""

    keys: tuple[EllipticCurvePublicKey, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read keys as SendGrid shows them: base64 DER, separated by commas. Raises `SettingsError`."""
        return cls(tuple(_load(part.strip()) for part in text.split(",") if part.strip()))

    def genuine(self, raw: bytes, stamp: str | None, signature: str | None) -> bool:
        """Whether one of the keys signed the timestamp and these very bytes. Anything odd is a no."""
        if stamp is None or signature is None or not stamp.isascii():
            return False
        try:
            proof = b64decode(signature, validate=True)
        except ValueError:
            return False
        return any(_signed(key, proof, stamp.encode() + raw) for key in self.keys)


@dataclass(slots=True)
class Reading:
    """What one post holds: events, types that mean nothing to us (counted), and what was put aside (ordinal, why)."""

    events: list[ProviderEvent] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[int, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All that was in the post."""
        return len(self.events) + self.ignored.total() + len(self.bad)


def read(body: bytes) -> Reading:
    """Map a whole post. A bad event is put aside with its ordinal from 0; the others are not harmed."""
    reading = Reading()
    try:
        found = elements(body)
    except Unreadable as error:
        reading.bad.append((0, str(error)))
        return reading
    for ordinal, raw in enumerate(found):
        try:
            _read_one(raw, reading)
        except (BadEvent, Unreadable) as error:
            reading.bad.append((ordinal, str(error)[:_REASON_LENGTH]))
    return reading


def _read_one(raw: object, reading: Reading) -> None:
    if isinstance(raw, Unreadable):
        raise raw
    if not isinstance(raw, dict):
        raise BadEvent("an event is an object")
    name = raw.get("event")
    if not isinstance(name, str) or not name:
        raise BadEvent("event: missing or not a string")
    kind = _KINDS.get(name)
    if kind is None:
        reading.ignored[name[:64]] += 1
    else:
        reading.events.append(_event(raw, kind))


def _event(raw: Mapping[str, object], kind: EventKind) -> ProviderEvent:
    email = _text(raw, "email") or None
    is_blocked = kind is EventKind.BOUNCE and raw.get("type") == "blocked"
    reason = _text(raw, "reason") or _text(raw, "response")
    is_bounce = kind is EventKind.BOUNCE
    return ProviderEvent(
        kind=EventKind.BLOCKED if is_blocked else kind,
        occurred_at=_moment(raw.get("timestamp")),
        delivery=_delivery(_text(raw, "nl_delivery_id")),
        attempt_id=_text(raw, "nl_attempt_id")[:32] or None,
        email=email,
        provider_id=_text(raw, "sg_event_id"),
        signal=_signal(raw) if kind in HITS else Signal.PLAIN,
        url=_text(raw, "url"),
        attempt=_number_text(raw.get("attempt")),
        reason=_without_address(reason, email),
        bounce=classify(is_blocked, _text(raw, "status"), reason) if is_bounce else None,
    )


def _signal(raw: Mapping[str, object]) -> Signal:
    return signal_of(_text(raw, "useragent"), is_flagged=raw.get("sg_machine_open") in (True, 1))


def _text(raw: Mapping[str, object], member: str) -> str:
    value = raw.get(member)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadEvent(f"{member}: not a string")
    return value


def _number_text(value: object) -> str:
    """`attempt` comes as a number or a string; anything else is taken as absent, since nothing hangs on it."""
    return str(value)[:16] if isinstance(value, int | str) else ""


def _moment(value: object) -> datetime:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _EARLIEST <= value <= _LATEST:
        raise BadEvent("timestamp: not Unix seconds of our time")
    return datetime.fromtimestamp(int(value), UTC)


def _delivery(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = _DELIVERY.fullmatch(text)
    if found is None:
        raise BadEvent("nl_delivery_id: not one of ours")
    return int(found[1]), int(found[2])


def _without_address(reason: str, email: str | None) -> str:
    """The reason as one line without the reader's address, its local part, or any other address."""
    line = _UNPRINTABLE.sub(" ", reason[: 4 * _REASON_LENGTH])
    if "@" in line:
        line = _ADDRESS.sub("(address)", line)
    local = (email or "").partition("@")[0]
    if len(local) > 2 and local.casefold() in line.casefold():
        line = re.sub(re.escape(local), "(address)", line, flags=re.IGNORECASE)
    return line.strip()[:_REASON_LENGTH]


def _load(text: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except ValueError as error:
        raise SettingsError(
            "NEWSLETTER_SENDGRID_WEBHOOK_PUBLIC_KEYS holds a key that can't be read: copy it as SendGrid shows it."
        ) from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise SettingsError("NEWSLETTER_SENDGRID_WEBHOOK_PUBLIC_KEYS holds a key of another kind: it must be ECDSA.")
    return key


def _signed(key: EllipticCurvePublicKey, proof: bytes, message: bytes) -> bool:
    try:
        key.verify(proof, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
