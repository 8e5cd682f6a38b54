"""What the stand-in refuses, and that it says where. Each bad message is a good one with one thing changed."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.sandbox.check import Checker, Senders
from newsletter.sandbox.complaints import BARE
from newsletter.sandbox.rules import RECIPIENTS, STRICT_RECIPIENTS
from newsletter.sandbox.rules.recipients import look_fine
from newsletter.sandbox.schema import MessageSchema
from newsletter.sandbox.shapes import Message
from tests.sandbox.support import message, personal

STRICT = Checker(MessageSchema(strict=True))
LENIENT = Checker(MessageSchema(strict=False), strict=False)
NOON = 1_700_000_000.0

Change = Callable[[dict[str, Any]], object]


def judged(body: dict[str, Any], checker: Checker = STRICT) -> dict[str | None, str]:
    """The complaints about a body by field."""
    verdict = checker.judge(json.dumps(body).encode(), NOON)
    return {one.field: one.message for one in verdict.complaints}


def with_first(**members: object) -> Change:
    return lambda body: body["personalizations"][0].update(members)


def test_a_faultless_message_is_accepted() -> None:
    verdict = STRICT.judge(json.dumps(message()).encode(), NOON)
    assert verdict.status is HTTPStatus.ACCEPTED
    assert verdict.complaints == ()


LONG = "a" * 309 + "@example.com"
BAD: dict[str, tuple[Change, str | None]] = {
    "no personalizations": (lambda b: b.update(personalizations=[]), "personalizations"),
    "no personalizations member": (lambda b: b.pop("personalizations"), "personalizations"),
    "no recipient": (with_first(to=[]), "personalizations.0.to"),
    "no to member": (lambda b: b["personalizations"][0].pop("to"), "personalizations.0.to"),
    "no from": (lambda b: b.pop("from"), "from"),
    "no address": (with_first(to=[{"email": "nobody"}]), "personalizations.0.to.0.email"),
    "empty subject": (with_first(subject=""), "personalizations.0.subject"),
    "no subject": (lambda b: b.pop("subject"), "subject"),
    "no content": (lambda b: b.pop("content"), "content"),
    "empty content": (lambda b: b["content"][0].update(value=""), "content.0.value"),
    "html first": (lambda b: b["content"].reverse(), "content"),
    "type with charset": (lambda b: b["content"][1].update(type="text/html; charset=utf-8"), "content.1.type"),
    "Korean address": (with_first(to=[{"email": "앨리스@example.com"}]), "personalizations.0.to.0.email"),
    "long address": (with_first(to=[{"email": LONG}]), "personalizations.0.to.0.email"),
    "twice in one": (
        with_first(to=[{"email": "a@example.com"}, {"email": "A@example.com"}]),
        "personalizations.0.to",
    ),
    "copy to the same": (with_first(cc=[{"email": "ALICE@example.com"}]), "personalizations.0.cc"),
    "split name": (with_first(to=[{"email": "a@example.com", "name": "Kim, Min"}]), "personalizations.0.to.0.name"),
    "unknown member": (lambda b: b.update(templateid="x"), "templateid"),
    "unknown personal member": (with_first(subject_line="x"), "personalizations.0.subject_line"),
    "too many substitutions": (
        with_first(substitutions={f"-{n}-": "x" for n in range(151)}),
        "personalizations.0.substitutions",
    ),
    "too long substitutions": (with_first(substitutions={"-a-": "가" * 3_400}), "personalizations.0.substitutions"),
    "substitution as number": (with_first(substitutions={"-a-": 1}), "personalizations.0.substitutions.-a-"),
    "empty custom args": (lambda b: b.update(custom_args={}), "custom_args"),
    "empty personal custom args": (with_first(custom_args={}), "personalizations.0.custom_args"),
    "long custom args": (lambda b: b.update(custom_args={"a": "x" * 10_001}), "custom_args"),
    "custom arg as number": (with_first(custom_args={"a": 1}), None),
    "custom args as text": (lambda b: b.update(custom_args="a"), None),
    "reserved header": (with_first(headers={"Reply-To": "x"}), "personalizations.0.headers.Reply-To"),
    "header twice": (with_first(headers={"X-A": "1", "x-a": "2"}), "personalizations.0.headers.x-a"),
    "header with space": (lambda b: b.update(headers={"X A": "1"}), "headers.X A"),
    "Korean header": (with_first(headers={"X-A": "가"}), "personalizations.0.headers.X-A"),
    "header over two lines": (with_first(headers={"X-A": "a\nBcc: b"}), "personalizations.0.headers.X-A"),
    "header as number": (with_first(headers={"X-A": 1}), "personalizations.0.headers.X-A"),
    "Korean category": (lambda b: b.update(categories=["소식"]), "categories.0"),
    "category twice": (lambda b: b.update(categories=["a", "a"]), "categories"),
    "eleven categories": (lambda b: b.update(categories=[str(n) for n in range(11)]), "categories"),
    "long category": (lambda b: b.update(categories=["a" * 256]), "categories.0"),
    "far ahead": (lambda b: b.update(send_at=int(NOON) + 72 * 3600 + 1), "send_at"),
    "one far ahead": (with_first(send_at=int(NOON) + 72 * 3600 + 1), "personalizations.0.send_at"),
    "two ways to reply": (
        lambda b: b.update(reply_to={"email": "a@example.com"}, reply_to_list=[{"email": "b@example.com"}]),
        "reply_to_list",
    ),
    "reply twice to one": (
        lambda b: b.update(reply_to_list=[{"email": "b@example.com"}, {"email": "B@example.com"}]),
        "reply_to_list",
    ),
    "two bypasses": (
        lambda b: b.update(
            mail_settings={
                "bypass_list_management": {"enable": True},
                "bypass_spam_management": {"enable": True},
            }
        ),
        "mail_settings.bypass_spam_management",
    ),
    "dynamic template with substitutions": (
        lambda b: b.update(template_id="d-1"),
        "personalizations.0.substitutions",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_rule_is_refused_and_its_place_named(name: str) -> None:
    change, field = BAD[name]
    body = message()
    change(body)
    complaints = judged(body)
    assert list(complaints) == [field]


def test_all_complaints_are_listed_at_once() -> None:
    body = message("alice@example.com", "bob@example.com", subject="x" * 3)
    body["personalizations"][0]["to"] = [{"email": "nobody"}]
    body["personalizations"][1]["custom_args"] = {}
    body["categories"] = ["소식"]
    assert set(judged(body)) == {"personalizations.0.to.0.email", "personalizations.1.custom_args", "categories.0"}


def test_custom_args_that_are_no_strings_get_the_bare_answer() -> None:
    verdict = STRICT.judge(json.dumps(message(custom_args={"a": 1})).encode(), NOON)
    assert verdict.complaints == (BARE,)


def test_custom_args_count_after_merging() -> None:
    body = message(custom_args={"a": "x" * 6_000})
    body["personalizations"][0]["custom_args"] = {"b": "y" * 6_000}
    assert list(judged(body)) == ["personalizations.0.custom_args"]
    body["personalizations"][0]["custom_args"] = {"a": "y" * 6_000}
    assert judged(body) == {}, "the same key is replaced, not added"


@pytest.mark.parametrize(("count", "accepted"), [(1000, True), (1001, False)])
def test_a_thousand_recipients_are_the_most(count: int, accepted: bool) -> None:
    body = message(*(f"reader{n}@example.com" for n in range(count)))
    assert (judged(body) == {}) is accepted


def test_copies_count_as_recipients() -> None:
    body = message(*(f"reader{n}@example.com" for n in range(1000)))
    body["personalizations"][0]["bcc"] = [{"email": "one.more@example.com"}]
    assert list(judged(body)) == ["personalizations"]


def test_only_the_strict_switch_refuses_repeats_over_personalizations_and_unknown_members() -> None:
    body = message("alice@example.com", "Alice@example.com", extra=1)
    assert set(judged(body)) == {"personalizations.1.to", "extra"}
    assert judged(body, LENIENT) == {}


def test_a_sender_that_is_not_verified_is_forbidden() -> None:
    checker = Checker(MessageSchema(strict=True), Senders(frozenset({"desk@example.org"}), frozenset({"example.net"})))
    verdicts = {
        sender: checker.judge(json.dumps(message(**{"from": {"email": sender}})).encode(), NOON).status
        for sender in ("Desk@example.org", "any@example.net", "news@example.com", "x@sub.example.net")
    }
    assert list(verdicts.values()) == [202, 202, 403, 403]


def test_a_personal_sender_is_looked_at_too() -> None:
    checker = Checker(MessageSchema(strict=True), Senders(frozenset({"news@example.com"})))
    body = message()
    body["personalizations"][0]["from"] = {"email": "mallory@example.org"}
    verdict = checker.judge(json.dumps(body).encode(), NOON)
    assert verdict.status is HTTPStatus.FORBIDDEN
    assert verdict.complaints[0].field == "personalizations.0.from"


def test_bytes_that_are_no_utf8_are_an_unsupported_type_and_broken_json_a_bad_request() -> None:
    assert STRICT.judge(b'{"subject": "\xb0\xa1"}', NOON).status is HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert STRICT.judge(b'{"subject": ', NOON).status is HTTPStatus.BAD_REQUEST
    assert STRICT.judge(b"[]", NOON).status is HTTPStatus.BAD_REQUEST


def test_sandbox_mode_is_valid_but_not_accepted() -> None:
    body = message(mail_settings={"sandbox_mode": {"enable": True}})
    assert STRICT.judge(json.dumps(body).encode(), NOON).status is HTTPStatus.OK


def test_complaints_never_quote_what_a_reader_entered() -> None:
    secret = "s3cret-reader@@example.com"
    assert secret not in json.dumps(judged(message(secret)))


EMAILS = st.sampled_from(["a@example.com", "A@example.com", "b@example.com", "가@example.com", "c" * 330])
NAMES = st.sampled_from(["", "Kim", "Kim, Min", '"Kim, Min"', "a;b"])
ADDRESSES = st.builds(lambda email, name: {"email": email, "name": name}, EMAILS, NAMES)
PERSONALS = st.builds(
    lambda to, cc: {"to": to, **({"cc": cc} if cc else {})},
    st.lists(ADDRESSES, min_size=1, max_size=3),
    st.lists(ADDRESSES, max_size=2),
)


@settings(max_examples=200)
@given(st.lists(PERSONALS, max_size=3))
def test_the_look_in_bulk_passes_only_what_every_rule_passes(personalizations: list[Any]) -> None:
    body: Message = {"personalizations": personalizations}
    complaints = [one for rule in RECIPIENTS + STRICT_RECIPIENTS for one in rule(body)]
    assert not (look_fine(body) and complaints)


def test_a_thousand_plain_readers_pass_the_look_in_bulk() -> None:
    readers: list[Any] = [personal(f"r{n}@example.com") for n in range(1000)]
    assert look_fine({"personalizations": readers})
