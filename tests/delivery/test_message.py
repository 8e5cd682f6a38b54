from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.message import (
    MAX_LIST_ID,
    Letter,
    Message,
    MessageError,
    Recipient,
    UnfitRecipient,
    check,
    check_letter,
    check_recipient,
    list_id,
    list_unsubscribe,
)

LETTER = Letter("이번 호", "<p>x</p>", "x", "digest@news.example.org", "동향 소식", "<digest.news.example.org>")
ALICE = Recipient(1, "alice@example.com", "Alice", {"-t-": "v"}, "https://news.example.org/u/abc")
MESSAGE = Message(LETTER, (ALICE,), 7, "0" * 32, datetime(2026, 9, 1, tzinfo=UTC))
CONTROLS = ["\r", "\n", "\r\nBcc: dave@example.com", "\0", "\x1b", "\x85", "\u2028", "\ud800", "\u202e", "\u2066"]


def test_a_plain_message_passes() -> None:
    check(MESSAGE)
    check_recipient(ALICE)


@pytest.mark.parametrize("bad", CONTROLS)
@pytest.mark.parametrize("part", ["subject", "from_name", "list_id", "from_email", "reply_to"])
def test_a_control_character_is_refused_in_every_part_of_a_letter(part: str, bad: str) -> None:
    """S-38."""
    letter = replace(LETTER, **{part: f"a@example.com{bad}"})
    with pytest.raises(MessageError):
        check_letter(letter)


@pytest.mark.parametrize("bad", CONTROLS)
@pytest.mark.parametrize("part", ["email", "name", "unsubscribe_url", "unsubscribe_mailto"])
def test_a_control_character_is_refused_in_every_part_of_a_reader(part: str, bad: str) -> None:
    """S-38, R-71: only this reader is set aside."""
    recipient = replace(ALICE, **{part: f"https://news.example.org/u/{bad}"})  # type: ignore[arg-type]  # text as well
    with pytest.raises(UnfitRecipient):
        check_recipient(recipient)


@given(st.text(st.characters(categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1), st.text(max_size=5))
def test_no_control_character_gets_through(control: str, around: str) -> None:
    with pytest.raises(UnfitRecipient):
        check_recipient(replace(ALICE, name=around + control))
    with pytest.raises(MessageError):
        check_letter(replace(LETTER, subject=around + control))


def test_what_is_refused_names_no_person() -> None:
    """I11: the words are stored and logged."""
    with pytest.raises(UnfitRecipient) as caught:
        check_recipient(replace(ALICE, email="not an address", name="Alice"))
    assert "not an address" not in str(caught.value)
    assert "Alice" not in str(caught.value)


@pytest.mark.parametrize(
    "email",
    [
        "앨리스@example.com",
        "alice@예시.example",
        "alice",
        "@example.com",
        "alice@",
        "a b@example.com",
        "<alice@example.com>",
        "alice@example.com,bob@example.org",
        "=?utf-8?b?YQ==?=@example.com ",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 256}.com",
    ],
)
def test_an_address_is_ascii_and_needs_no_quoting(email: str) -> None:
    """C-61, C-62, R-91."""
    with pytest.raises(UnfitRecipient):
        check_recipient(replace(ALICE, email=email))


def test_too_many_or_too_long_substitutions_are_refused() -> None:
    """R-37."""
    for values in ({f"-{n}-": "v" for n in range(151)}, {"-t-": "가" * 3334}, {"-t-": ""}):
        with pytest.raises(UnfitRecipient, match="substitutions"):
            check_recipient(replace(ALICE, substitutions=values))


def test_a_request_has_one_to_a_thousand_readers() -> None:
    many = tuple(replace(ALICE, position=n, email=f"r{n}@example.com") for n in range(1001))
    check(replace(MESSAGE, recipients=many[:1000]))
    for readers in ((), many):
        with pytest.raises(MessageError, match="1000"):
            check(replace(MESSAGE, recipients=readers))


def test_an_address_stands_once_in_a_request_ignoring_case() -> None:
    twice = (ALICE, replace(ALICE, position=2, email="ALICE@example.com"))
    with pytest.raises(MessageError, match="same address"):
        check(replace(MESSAGE, recipients=twice))


def test_a_request_stays_under_thirty_megabytes() -> None:
    with pytest.raises(MessageError, match="bytes"):
        check(replace(MESSAGE, letter=replace(LETTER, html="가" * 5_000_000)))


def test_one_click_needs_https_except_on_this_machine() -> None:
    check_recipient(replace(ALICE, unsubscribe_url="http://127.0.0.1:8000/u/abc"))
    for uri in ("http://news.example.org/u/a", "http://127.0.0.1.example.org/u/a", "javascript:x", "https://a/<b>"):
        with pytest.raises(UnfitRecipient, match="https"):
            check_recipient(replace(ALICE, unsubscribe_url=uri))


def test_a_list_id_is_short_ascii_and_does_not_change_with_the_lists_name() -> None:
    """C-60."""
    value = list_id("trend-digest", "digest@news.example.org")
    assert value == "<trend-digest.news.example.org>"
    check_letter(replace(LETTER, list_id=value))
    with pytest.raises(MessageError, match="List-Id"):
        check_letter(replace(LETTER, list_id=list_id("x" * MAX_LIST_ID, "a@example.com")))


def test_list_unsubscribe_puts_each_uri_in_brackets() -> None:
    both = replace(ALICE, unsubscribe_mailto="mailto:leave@example.org?subject=x")
    assert list_unsubscribe(both) == "<https://news.example.org/u/abc>, <mailto:leave@example.org?subject=x>"


def test_only_keeps_the_readers_at_the_given_positions() -> None:
    others = tuple(replace(ALICE, position=n, email=f"r{n}@example.com") for n in range(1, 6))
    message = replace(MESSAGE, recipients=others)
    assert [one.position for one in message.only({2, 5, 9}).recipients] == [2, 5]
    assert message.delivery_id(others[1]) == "7-2"
