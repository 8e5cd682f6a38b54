from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.delivery.message import Letter, Message, Recipient, check, check_recipient
from newsletter.delivery.transports.sendgrid import SendGridTransport, refuse_unsafe_host, request_body
from newsletter.errors import SettingsError
from newsletter.rendering.personal import Personal, open_tag, substitutions
from newsletter.sandbox.check import Checker
from newsletter.sandbox.schema import MessageSchema

NONCE = "0a1b2c3d4e"
NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
SENDGRID = Checker(MessageSchema(strict=True), strict=True)
plain = st.text(
    st.characters(
        exclude_categories=["Cc", "Cs", "Zl", "Zp"],
        exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    ),
    max_size=40,
)
spoken = plain.filter(lambda text: text.strip())
tokens = st.binary(min_size=24, max_size=45).map(lambda raw: urlsafe_b64encode(raw).rstrip(b"=").decode())


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A letter to readers of one variant, with whatever names, titles and picks people come up with."""
    is_individual = draw(st.booleans())
    letter = Letter(
        subject=draw(spoken),
        html=f"<p>{draw(plain)}</p>",
        text=draw(spoken),
        from_email="digest@news.example.org",
        from_name=draw(plain),
        list_id="<digest.news.example.org>",
        reply_to=draw(st.sampled_from([None, "desk@news.example.org"])),
        open_tag=open_tag(NONCE) if is_individual else None,
    )
    names = draw(st.lists(plain, min_size=1, max_size=6))
    recipients = []
    for position, name in enumerate(names, 1):
        personal = Personal(draw(spoken.filter(lambda text: "-nl" not in text)), *(draw(tokens) for _ in range(4)))
        recipients.append(
            Recipient(
                position,
                f"reader{position}@example.com",
                name,
                substitutions(NONCE, personal, "individual" if is_individual else "aggregate"),
                f"https://news.example.org/u/{personal.unsubscribe}",
            )
        )
    return Message(letter, tuple(recipients), draw(st.integers(1, 10**9)), f"{draw(st.integers(0, 2**127)):032x}", NOW)


def faults_of(message: Message) -> list[str]:
    """R-37 as a list of what is wrong with the request for this message."""
    raw = orjson.dumps(request_body(message))
    body: dict[str, Any] = json.loads(raw)
    tracking = body["tracking_settings"]
    personal = body["personalizations"]
    rules = {
        "click tracking": tracking["click_tracking"] == {"enable": False, "enable_text": False},
        "subscription tracking": tracking["subscription_tracking"] == {"enable": False},
        "open tracking": tracking["open_tracking"]["enable"] is (message.letter.open_tag is not None),
        "asm": "asm" not in body,
        "readers": 1 <= len(personal) <= 1000,
        "size": len(raw) < 30_000_000,
        "custom args": all(_size({**body["custom_args"], **one["custom_args"]}) <= 10_000 for one in personal),
        "ids": all(
            set(one["custom_args"]) == {"nl_delivery_id"} and not {"@"} & set(one["custom_args"]["nl_delivery_id"])
            for one in personal
        ),
        "substitutions": all(
            len(one["substitutions"]) <= 150 and _size(one["substitutions"]) <= 10_000 for one in personal
        ),
        "one reader each": all(len(one["to"]) == 1 and not {"cc", "bcc"} & set(one) for one in personal),
        "unsubscribe": all(
            one["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            and one["headers"]["List-Unsubscribe"].startswith("<https://")
            for one in personal
        ),
    }
    verdict = SENDGRID.judge(raw, NOW.timestamp())
    return [name for name, holds in rules.items() if not holds] + [str(one) for one in verdict.complaints]


def _size(values: dict[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in values.items())


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(messages())
def test_every_request_is_one_sendgrid_takes_and_tracks_nobody_who_did_not_ask(message: Message) -> None:
    """R-37: 500 random letters, against the published schema and the known rules."""
    check(message)
    for recipient in message.recipients:
        check_recipient(recipient)
    assert faults_of(message) == []


def a_message(**letter: Any) -> Message:  # noqa: ANN401 -- parts of a letter
    whole = Letter("제목", "<p>x</p>", "x", "digest@news.example.org", "동향", "<digest.news.example.org>")
    reader = Recipient(7, "alice@example.com", "Kim; Alice, PhD", {"-t-": "v"}, "https://news.example.org/u/a")
    return Message(replace(whole, **letter), (reader,), 3, "a" * 32, NOW)


def test_the_rules_of_the_test_can_be_broken() -> None:
    """Negative control."""
    message = a_message()
    crowd = replace(message, recipients=message.recipients * 2)
    assert any("personalizations" in fault or "to" in fault for fault in faults_of(crowd))
    lonely = replace(message, recipients=(replace(message.recipients[0], unsubscribe_url="ftp://x"),))
    assert "unsubscribe" in faults_of(lonely)


def test_a_name_can_not_end_an_address() -> None:
    assert request_body(a_message())["personalizations"][0]["to"] == [
        {"email": "alice@example.com", "name": "Kim Alice PhD"}
    ]


def test_the_opaque_ids_stand_in_custom_args() -> None:
    body = request_body(a_message())
    assert body["custom_args"] == {"nl_attempt_id": "a" * 32}
    assert body["personalizations"][0]["custom_args"] == {"nl_delivery_id": "3-7"}


def test_a_subject_is_rendered_and_stands_in_each_personalization() -> None:
    body = request_body(a_message())
    assert "subject" not in body
    assert body["personalizations"][0]["subject"] == "제목"


@pytest.mark.parametrize(
    "host", ["http://api.sendgrid.com", "ftp://127.0.0.1", "api.sendgrid.com", "http://127.0.0.1.example.org"]
)
def test_the_key_never_travels_in_the_clear(host: str) -> None:
    with pytest.raises(SettingsError, match="https://"):
        refuse_unsafe_host(host)
    with pytest.raises(SettingsError):
        SendGridTransport("key", host, 1)


@pytest.mark.parametrize(
    ("host", "name"), [("https://api.eu.sendgrid.com", "sendgrid"), ("http://127.0.0.1:8025", "sandbox")]
)
def test_the_stand_in_has_a_row_of_its_own(host: str, name: str) -> None:
    transport = SendGridTransport("key", host, 1)
    assert transport.name == name
    transport.close()
    transport.close()
