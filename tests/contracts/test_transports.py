"""What every transport promises, whatever is behind it. A new one is added in `conftest.py` and must pass this."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.delivery.message import Letter, Message, Recipient, check, check_recipient
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.rendering.personal import Personal, substitutions, tags
from tests.contracts.conftest import Way

NONCE = "0a1b2c3d4e"
TAG = tags(NONCE)
NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
SUBJECTS = ["이번 호의 새 소식", "R&D <긴급> 외 3건", "🧭 길 찾기", "Plain words", "שלום 안녕", "'따옴표' \"둘\""]
LETTER = Letter(
    SUBJECTS[0],
    f'<html><body><p>{TAG.picks_html}</p><a href="https://news.example.org/u/{TAG.unsubscribe}">u</a></body></html>',
    f"{TAG.picks_text}\nhttps://news.example.org/u/{TAG.unsubscribe}\n",
    "digest@news.example.org",
    "동향 소식",
    "<digest.news.example.org>",
    reply_to="desk@news.example.org",
)
_numbers = itertools.count(1)


def a_message(readers: int = 3, **letter: str) -> Message:
    """Readers whose picks hold what HTML would stumble over, at addresses nobody used before."""
    number = next(_numbers)
    people = []
    for position in range(1, readers + 1):
        token = f"token-of-reader-{number}-{position}"
        personal = Personal(f"고르신 R&D <{position}>", f"p-{token}", token, f"m-{token}")
        people.append(
            Recipient(
                position,
                f"reader{number}x{position}@example.com",
                "김하늘",
                substitutions(NONCE, personal, "aggregate"),
                f"https://news.example.org/u/{token}",
            )
        )
    return Message(replace(LETTER, **letter), tuple(people), number, f"{number:032x}", NOW)


def test_an_accepted_message_reaches_each_reader_once_with_their_own_words(way: Way) -> None:
    message = a_message()
    outcome = way.transport.submit(message)
    assert outcome.wire is WireClass.ACCEPTED
    assert outcome.message_id
    for reader, mail in zip(message.recipients, way.mails(message), strict=True):
        assert (mail.to, mail.name, mail.subject) == (reader.email, "김하늘", SUBJECTS[0])
        assert f"고르신 R&amp;D &lt;{reader.position}&gt;" in mail.html
        assert f"고르신 R&D <{reader.position}>" in mail.text
        token = reader.substitutions[TAG.unsubscribe]
        assert f'href="https://news.example.org/u/{token}"' in mail.html
        assert f"https://news.example.org/u/{token}\n" in mail.text


def test_no_tag_and_nothing_of_another_reader_is_left_in_a_mail(way: Way) -> None:
    message = a_message()
    way.transport.submit(message)
    mails = way.mails(message)
    for reader, mail in zip(message.recipients, mails, strict=True):
        others = [one for one in message.recipients if one is not reader]
        for part in (mail.html, mail.text, mail.list_unsubscribe):
            assert TAG.prefix not in part
            assert not any(other.substitutions[TAG.unsubscribe] in part or other.email in part for other in others)


def test_each_reader_can_leave_with_one_click_of_their_own(way: Way) -> None:
    message = a_message()
    way.transport.submit(message)
    for reader, mail in zip(message.recipients, way.mails(message), strict=True):
        assert mail.list_unsubscribe == f"<{reader.unsubscribe_url}>"
        assert mail.list_id == "<digest.news.example.org>"
        assert mail.delivery_id == message.delivery_id(reader)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_arrives_to_the_letter(way: Way, subject: str) -> None:
    message = a_message(1, subject=subject)
    way.transport.submit(message)
    assert way.mails(message)[0].subject == subject


def test_what_passes_the_check_is_taken(way: Way) -> None:
    """The check stands before the intent: no transport may refuse for a reason that it could have known."""
    message = a_message(min(way.transport.max_recipients, 50))
    check(message)
    for reader in message.recipients:
        check_recipient(reader)
    assert way.transport.submit(message).wire is WireClass.ACCEPTED


def test_attempts_have_message_ids_of_their_own(way: Way) -> None:
    first, second = way.transport.submit(a_message(1)), way.transport.submit(a_message(1))
    assert first.message_id != second.message_id


def test_lanes_may_share_it(way: Way) -> None:
    messages = [a_message(2) for _ in range(6)]
    outcomes: dict[int, Outcome] = {}

    def submit(n: int) -> None:
        outcomes[n] = way.transport.submit(messages[n])

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {n: outcome.wire for n, outcome in outcomes.items()} == dict.fromkeys(range(6), WireClass.ACCEPTED)
    for message in messages:
        assert [mail.to for mail in way.mails(message)] == [one.email for one in message.recipients]


def test_it_has_a_name_a_limit_and_closes_twice(way: Way) -> None:
    assert way.transport.name
    assert 1 <= way.transport.max_recipients <= 1000
    way.transport.close()
    way.transport.close()
