from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.errors import SettingsError
from newsletter.events.sendgrid import Verifier, read
from newsletter.events.vocabulary import BounceClass, EventKind, ProviderEvent, Signal

STAMP = "1775720874"
BODY = b'[{"event":"processed","timestamp":1775720874,"email":"alice@example.com"},\r\n{"event":"open"}]\r\n'


def public(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def signed(key: ec.EllipticCurvePrivateKey, body: bytes, stamp: str = STAMP) -> str:
    return base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def an_event(**members: Any) -> dict[str, Any]:  # noqa: ANN401 -- an odd event may hold anything
    return {"event": "delivered", "timestamp": 1775720874, "nl_delivery_id": "3-7", "nl_attempt_id": "a1"} | members


def mapped(**members: Any) -> ProviderEvent:  # noqa: ANN401 -- as above
    reading = read(orjson.dumps([an_event(**members)]))
    assert reading.bad == []
    return reading.events[0]


def test_a_genuine_post_is_known_by_its_raw_bytes(key: ec.EllipticCurvePrivateKey) -> None:
    assert Verifier.parse(public(key)).genuine(BODY, STAMP, signed(key, BODY))


def test_a_body_written_anew_is_not_genuine(key: ec.EllipticCurvePrivateKey) -> None:
    """R-64: the framing between events is signed too."""
    verifier, signature = Verifier.parse(public(key)), signed(key, BODY)
    for other in (orjson.dumps(orjson.loads(BODY)), BODY.strip(), BODY.replace(b"\r\n", b"\n"), b""):
        assert not verifier.genuine(other, STAMP, signature)


def test_any_changed_byte_is_seen(key: ec.EllipticCurvePrivateKey) -> None:
    """R-64, over a body of 2,000 bytes and the timestamp."""
    body = orjson.dumps([an_event(reason="x" * 1800)]).ljust(2000)
    verifier, signature = Verifier.parse(public(key)), signed(key, body)
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert not verifier.genuine(changed, STAMP, signature)
    for place in range(len(STAMP)):
        stamp = STAMP[:place] + ("0" if STAMP[place] != "0" else "1") + STAMP[place + 1 :]
        assert not verifier.genuine(body, stamp, signature)
    assert verifier.genuine(body, STAMP, signature)


@pytest.mark.parametrize("signature", [None, "", "!!!", "AAAA", "한글", "\x00", "A" * 5000])
def test_a_post_without_a_readable_signature_is_refused(key: ec.EllipticCurvePrivateKey, signature: str | None) -> None:
    assert not Verifier.parse(public(key)).genuine(BODY, STAMP, signature)


def test_a_post_without_or_with_an_odd_timestamp_is_refused(key: ec.EllipticCurvePrivateKey) -> None:
    verifier = Verifier.parse(public(key))
    assert not verifier.genuine(BODY, None, signed(key, BODY))
    assert not verifier.genuine(BODY, "어제", signed(key, BODY))


def test_without_any_key_everything_is_refused(key: ec.EllipticCurvePrivateKey) -> None:
    assert not Verifier.parse("").genuine(BODY, STAMP, signed(key, BODY))


def test_two_keys_are_valid_while_they_rotate(key: ec.EllipticCurvePrivateKey) -> None:
    coming = ec.generate_private_key(ec.SECP256R1())
    verifier = Verifier.parse(f"{public(key)}, {public(coming)}")
    assert verifier.genuine(BODY, STAMP, signed(key, BODY))
    assert verifier.genuine(BODY, STAMP, signed(coming, BODY))
    assert not verifier.genuine(BODY, STAMP, signed(ec.generate_private_key(ec.SECP256R1()), BODY))


def test_a_key_of_another_kind_or_no_key_names_the_setting() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    text = base64.b64encode(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    for wrong in (text, "abc", "QUJD"):
        with pytest.raises(SettingsError, match="WEBHOOK_PUBLIC_KEYS"):
            Verifier.parse(wrong)


def test_our_ids_and_words_come_out() -> None:
    event = mapped(email="alice@example.com", response="250 OK", sg_event_id="x1")
    assert event == ProviderEvent(
        kind=EventKind.DELIVERED,
        occurred_at=datetime(2026, 4, 9, 7, 47, 54, tzinfo=UTC),
        delivery=(3, 7),
        attempt_id="a1",
        email="alice@example.com",
        provider_id="x1",
        reason="250 OK",
    )


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"event": "bounce", "type": "bounce"}, EventKind.BOUNCE),
        ({"event": "bounce", "type": "blocked"}, EventKind.BLOCKED),
        ({"event": "bounce"}, EventKind.BOUNCE),
        ({"event": "spamreport"}, EventKind.SPAM_REPORT),
        ({"event": "group_unsubscribe"}, EventKind.UNSUBSCRIBE),
        ({"event": "dropped", "reason": "Bounced Address"}, EventKind.DROPPED),
        ({"event": "deferred", "attempt": "3"}, EventKind.DEFERRED),
        ({"event": "deferred", "attempt": 3}, EventKind.DEFERRED),
    ],
)
def test_kinds_are_mapped(members: dict[str, Any], kind: EventKind) -> None:
    assert mapped(**members).kind is kind


def test_an_attempt_number_is_the_same_as_text_or_number() -> None:
    assert mapped(attempt="3").attempt == mapped(attempt=3).attempt == "3"


def test_a_blocked_bounce_without_status_is_not_hard() -> None:
    event = mapped(event="bounce", type="blocked", reason="unable to get mx info: no such host")
    assert (event.kind, event.bounce) == (EventKind.BLOCKED, BounceClass.SOFT)


def test_an_asynchronous_bounce_has_no_ids_and_an_address() -> None:
    reading = read(
        orjson.dumps([
            {"email": "alice@example.com", "timestamp": 1775807274, "event": "bounce", "type": "bounce",
             "sg_event_id": "z", "reason": "550 mailbox unavailable", "status": "5.0.0"}
        ])
    )  # fmt: skip
    event = reading.events[0]
    assert (event.delivery, event.attempt_id, event.email) == (None, None, "alice@example.com")
    assert event.bounce is BounceClass.HARD


ODD: list[dict[str, Any]] = [
    {"tls": 1},
    {"tls": True},
    {"category": "news"},
    {"category": ["news"]},
    {"category": {"a": [1]}},
    {"send_at": 0},
    {"url_offset": {"index": 0}},
    {"pool": {"name": "p", "id": 1}},
    {"attempt": None},
    {"attempt": [1]},
    {"timestamp": "1775720874"},
    {"timestamp": 1775720874.0},
    {"reason": None},
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_members_harm_nothing(odd: dict[str, Any]) -> None:
    assert mapped(**odd).kind is EventKind.DELIVERED


@pytest.mark.parametrize(
    ("flag", "expected"), [(True, Signal.FLAGGED), (1, Signal.FLAGGED), (False, Signal.PLAIN), (None, Signal.PLAIN)]
)
def test_a_machine_open_is_flagged(flag: object, expected: Signal) -> None:
    assert mapped(event="open", useragent="Mozilla/5.0 (X11)", sg_machine_open=flag).signal is expected


def test_no_address_stays_in_a_reason() -> None:
    event = mapped(
        event="bounce",
        email="carol.kim@example.com",
        reason="550 5.1.1 <Carol.Kim@example.com>: carol.kim is unknown\r\n to bob@example.org, \x00ask him",
    )
    assert "@" not in event.reason
    assert "carol" not in event.reason.lower()
    assert event.reason.startswith("550 5.1.1 ")
    assert event.reason.isprintable()


def test_unknown_types_are_counted_and_ignored() -> None:
    reading = read(orjson.dumps([an_event(event="teleported"), an_event(event="group_resubscribe"), an_event()]))
    assert dict(reading.ignored) == {"teleported": 1, "group_resubscribe": 1}
    assert len(reading.events) == 1
    assert reading.count == 3


def bad_events() -> dict[str, bytes]:
    """R-62: one of each kind of trouble, as raw JSON."""
    return {
        "no event": b'{"timestamp":1775720874}',
        "event a number": b'{"event":7,"timestamp":1775720874}',
        "event empty": b'{"event":"","timestamp":1775720874}',
        "no timestamp": b'{"event":"open"}',
        "timestamp a word": b'{"event":"open","timestamp":"soon"}',
        "timestamp true": b'{"event":"open","timestamp":true}',
        "timestamp huge": b'{"event":"open","timestamp":99999999999999999999}',
        "timestamp negative": b'{"event":"open","timestamp":-1}',
        "email a list": b'{"event":"open","timestamp":1775720874,"email":["a"]}',
        "our id a number": b'{"event":"open","timestamp":1775720874,"nl_delivery_id":7}',
        "our id malformed": b'{"event":"open","timestamp":1775720874,"nl_delivery_id":"7; DROP"}',
        "our id beyond any": b'{"event":"open","timestamp":1775720874,"nl_delivery_id":"1-99999999999999999999"}',
        "not a number": b'{"event":"open","timestamp":NaN}',
        "infinite": b'{"event":"open","timestamp":Infinity}',
        "half a surrogate": b'{"event":"delivered","timestamp":1775720874,"reason":"\\ud800"}',
        "not UTF-8": b'{"event":"delivered","timestamp":1775720874,"reason":"\xff"}',
        "very deep": b"[" * 1000 + b"]" * 1000,
        "deeper than the reader": b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
        "a number": b"7",
        "null": b"null",
        "a megabyte of nothing": b'{"x":"' + b"y" * 1_000_000 + b'"}',
        "brackets in a string": b'{"event":7,"x":"]},{[\\" "}',
        "a bare word": b"oops",
    }


@pytest.mark.parametrize("name", bad_events())
def test_a_bad_event_is_put_aside_and_its_neighbours_are_not(name: str) -> None:
    good = orjson.dumps(an_event())
    reading = read(b"[" + good + b",\r\n" + bad_events()[name] + b",\r\n" + good + b"]\r\n")
    assert len(reading.events) == 2
    assert [ordinal for ordinal, _ in reading.bad] == [1]
    assert len(reading.bad[0][1]) <= 400


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"null", b"{}", b'{"event":"open"}', b"\x1f\x8b\x08", b"oops", b"\xff\xfe"]
)
def test_what_is_no_list_of_events_is_put_aside_whole(body: bytes) -> None:
    reading = read(body)
    assert (len(reading.events), len(reading.bad)) == (0, 1)


def test_a_body_cut_short_keeps_its_whole_events() -> None:
    good = orjson.dumps(an_event())
    reading = read(b"[" + good + b"," + good + b"," + good[:40])
    assert (len(reading.events), len(reading.bad)) == (2, 1)


def test_quotes_that_never_end_are_read_in_time() -> None:
    body = b'[{"event":"' + b'\\"' * 500_000
    assert len(read(body).bad) == 1


def test_the_reason_for_putting_aside_quotes_nothing() -> None:
    body = json.dumps([an_event(event=["secret@example.com"]), an_event(timestamp="secret@example.com")]).encode()
    assert "secret" not in repr(read(body).bad)
