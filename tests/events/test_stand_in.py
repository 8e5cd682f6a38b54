"""The events of the stand-in, as it frames and signs them, are read without a remainder."""

from __future__ import annotations

import base64
import random

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.events.sendgrid import Verifier, read
from newsletter.events.vocabulary import BounceClass, EventKind, Signal
from newsletter.sandbox.events import Moment, event_of, status_change, unknown_type
from newsletter.sandbox.framing import framed
from newsletter.sandbox.mail import Mail

KINDS = {
    "processed": EventKind.PROCESSED,
    "dropped": EventKind.DROPPED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "bounce": EventKind.BOUNCE,
    "blocked": EventKind.BLOCKED,
    "blocked_without_status": EventKind.BLOCKED,
    "expired": EventKind.BLOCKED,
    "asynchronous_bounce": EventKind.BOUNCE,
    "open": EventKind.OPEN,
    "click": EventKind.CLICK,
    "spamreport": EventKind.SPAM_REPORT,
    "unsubscribe": EventKind.UNSUBSCRIBE,
}


def a_mail() -> Mail:
    return Mail(
        message_id="q7Zr0aQkTn2m8s1dYw3LxA",
        number=0,
        row=0,
        accepted_at="2026-09-01T08:00:00Z",
        address="alice@example.com",
        name="",
        subject="s",
        sender={"email": "digest@example.com"},
        to=({"email": "alice@example.com"},),
        reply_to=(),
        headers={},
        custom_args={"nl_delivery_id": "3-7", "nl_attempt_id": "a1"},
        categories=("newsletter",),
        substitutions={},
        content="c",
        send_at=0,
        opens_tracked=True,
        clicks_tracked=False,
        open_tag="",
        bypasses_suppression=False,
    )


def test_every_kind_of_event_is_read_in_our_words() -> None:
    chance = random.Random(7)  # noqa: S311 -- ids of a test
    moment = Moment(at=1_788_253_200, reason="550 5.1.1 user unknown", url="https://news.example.com/x")
    raw = [event_of(kind, a_mail(), moment, chance) for kind in KINDS]
    raw += [status_change(moment.at), unknown_type(a_mail(), moment.at, chance)]
    reading = read(framed(map(orjson.dumps, raw)))
    assert reading.bad == []
    assert reading.ignored.total() == 2
    assert [event.kind for event in reading.events] == list(KINDS.values())
    by_name = dict(zip(KINDS, reading.events, strict=True))
    assert {event.delivery for name, event in by_name.items() if name != "asynchronous_bounce"} == {(3, 7)}
    assert {event.attempt_id for name, event in by_name.items() if name != "asynchronous_bounce"} == {"a1"}
    assert by_name["asynchronous_bounce"].delivery is None
    assert by_name["bounce"].bounce is by_name["asynchronous_bounce"].bounce is BounceClass.HARD
    assert by_name["open"].signal is Signal.PLAIN


def test_a_machine_open_is_flagged() -> None:
    chance = random.Random(7)  # noqa: S311 -- ids of a test
    event = event_of("open", a_mail(), Moment(at=1_788_253_200, machine=True), chance)
    assert read(framed([orjson.dumps(event)])).events[0].signal is Signal.FLAGGED


def test_its_framing_is_signed_byte_for_byte() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    body = framed([b'{"a":1}', b'{"b":2}'])
    proof = base64.b64encode(key.sign(b"1" + body, ec.ECDSA(SHA256()))).decode()
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    verifier = Verifier.parse(base64.b64encode(der).decode())
    assert verifier.genuine(body, "1", proof)
    assert not verifier.genuine(body.replace(b"\r\n", b""), "1", proof)
