from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from newsletter.campaigns.models import Campaign
from newsletter.db import Database
from newsletter.delivery.compose import Composer, Names, Sender, letter_for, mailing_day, sentence, web_copy
from newsletter.delivery.message import check, check_recipient
from newsletter.errors import NotFound
from newsletter.kit.clock import SteppedClock
from newsletter.kit.tokens import Purpose
from newsletter.rendering.personal import fill, tags
from subscribers.models import Category, ChoiceKind, MailingList, Subscriber, Subscription, Tracking, WhenEmpty
from subscribers.selections import Wishes
from tests.delivery.world import KEYS, NONCE, SENDER, Person, Plan, batch_ids, frozen, people

ATTEMPT = "a" * 32


def test_each_reader_gets_links_of_their_own(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    with database.read() as session:
        composed = Composer(SENDER, KEYS).compose(session, batch_ids(database, campaign_id)[0], ATTEMPT, clock.now())
        subscriptions = [one.id for one in session.exec(select(Subscription).order_by(Subscription.id))]  # type: ignore[arg-type]  # a column
    check(composed.message)
    assert composed.failed == {}
    tag = tags(NONCE)
    day = mailing_day(clock.now())
    for recipient, subscription in zip(composed.message.recipients, subscriptions, strict=True):
        check_recipient(recipient)
        words, position = recipient.substitutions, recipient.position
        assert KEYS.verify(Purpose.PREFERENCES, words[tag.preferences]) == (subscription, 0, day)
        assert KEYS.verify(Purpose.UNSUBSCRIBE, words[tag.unsubscribe]) == (subscription, campaign_id, position)
        assert KEYS.verify(Purpose.WEB_COPY, words[tag.web_copy]) == (campaign_id, position)
        assert recipient.unsubscribe_url == f"https://news.example.org/u/{words[tag.unsubscribe]}"
        assert tag.click not in words


def test_only_individual_readers_get_click_links_and_an_open_tag(database: Database, clock: SteppedClock) -> None:
    readers = [Person(tracking=tracking) for tracking in Tracking]
    campaign_id, _ = frozen(database, Plan(people=readers), clock.now())
    composer = Composer(SENDER, KEYS)
    found = set()
    for batch_id in batch_ids(database, campaign_id):
        with database.read() as session:
            message = composer.compose(session, batch_id, ATTEMPT, clock.now()).message
        found.add((message.letter.open_tag, tags(NONCE).click in message.recipients[0].substitutions))
    assert found == {(None, False), (tags(NONCE).open, True)}


@pytest.mark.parametrize(
    "name", ["Dave\r\nBcc: carol@example.net", "가" * 201, "Dave\u202egro", "Dave\x1b", "\x85Dave"]
)
def test_one_reader_who_can_not_be_rendered_fails_alone(database: Database, clock: SteppedClock, name: str) -> None:
    """R-71."""
    readers = [Person(name="Alice"), Person(name=name), Person(name="{{ Bob }}")]
    if database.dialect == "postgresql" and len(name) > 200:
        readers[1] = Person(name="Dave\n")  # the column itself refuses the long one
    campaign_id, _ = frozen(database, Plan(people=readers), clock.now())
    with database.read() as session:
        composed = Composer(SENDER, KEYS).compose(session, batch_ids(database, campaign_id)[0], ATTEMPT, clock.now())
    assert [one.name for one in composed.message.recipients] == ["Alice", "{{ Bob }}"]
    assert list(composed.failed) == [2]
    assert "Dave" not in composed.failed[2]


def test_who_was_erased_is_not_in_the_message_and_did_not_fail(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(2)), clock.now())
    with database.write() as session:
        person = session.exec(select(Subscriber)).first()
        assert person is not None
        person.email = person.email_key = None
        session.add(person)
    with database.read() as session:
        composed = Composer(SENDER, KEYS).compose(session, batch_ids(database, campaign_id)[0], ATTEMPT, clock.now())
    assert (len(composed.message.recipients), composed.failed) == (1, {})


def test_the_web_copy_is_the_mail_as_it_went_out(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    with database.read() as session:
        message = (
            Composer(SENDER, KEYS).compose(session, batch_ids(database, campaign_id)[0], ATTEMPT, clock.now()).message
        )
        for recipient in message.recipients:
            html = web_copy(session, SENDER, KEYS, campaign_id, recipient.position)
            assert html == fill(message.letter.html, recipient.substitutions)
        with pytest.raises(NotFound):
            web_copy(session, SENDER, KEYS, campaign_id, 99)


def test_the_web_copy_outlives_erasure_without_the_address(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(1)), clock.now())
    with database.read() as session:
        before = web_copy(session, SENDER, KEYS, campaign_id, 1)
    with database.write() as session:
        person = session.exec(select(Subscriber)).one()
        person.email = person.email_key = None
        session.add(person)
    with database.read() as session:
        assert web_copy(session, SENDER, KEYS, campaign_id, 1) == before


def test_the_sender_is_the_lists_own_else_the_settings(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(1)), clock.now())
    with database.read() as session:
        letter = (
            Composer(replace(SENDER, reply_to="desk@news.example.org"), KEYS)
            .compose(session, batch_ids(database, campaign_id)[0], ATTEMPT, clock.now())
            .message.letter
        )
        mailing_list = session.exec(select(MailingList)).one()
    assert (letter.from_email, letter.from_name) == ("digest@news.example.org", "동향 소식")
    assert letter.reply_to == "desk@news.example.org"
    assert letter.list_id == "<digest-2026-9-1.news.example.org>"
    mailing_list.from_name, mailing_list.from_email, mailing_list.reply_to = (
        "Desk",
        "desk@example.net",
        "re@example.net",
    )
    variant = type("V", (), {"subject": "s", "html": "h", "text": "t", "language": "en", "tracking": Tracking.NONE})()
    letter = letter_for(Sender("https://x.example", "a@x.example"), mailing_list, variant, NONCE)
    assert (letter.from_email, letter.from_name, letter.reply_to) == ("desk@example.net", "Desk", "re@example.net")


def test_a_sentence_uses_the_lists_names_and_order_and_follows_aliases() -> None:
    names = Names(
        {"policy": "정책"},
        {"배터리": "배터리", "에너지·탄소중립": "에너지·탄소중립"},
        {(ChoiceKind.CATEGORY, "에너지"): "에너지·탄소중립"},
    )

    def of(*categories: str, sections: tuple[str, ...] = (), is_all: tuple[bool, bool] = (False, False)) -> str:
        return sentence(names, Wishes(sections, categories, *is_all, WhenEmpty.NOTHING), "ko")

    assert of("에너지", "배터리", sections=("policy",)) == "고르신 정책 · 배터리 · 에너지·탄소중립"
    assert of("배터리", is_all=(True, False)) == "고르신 배터리"
    assert of(is_all=(True, True)) == "모두 고르셨습니다"
    assert of(sections=("gone",)) == "고르신 소식"


def test_a_renamed_category_has_its_new_name_in_the_next_campaign(database: Database, clock: SteppedClock) -> None:
    composer = Composer(SENDER, KEYS)
    found = []
    for number, name in ((1, "배터리"), (2, "이차전지")):
        plan = Plan(people=[Person(selection=1)], occurrence=f"2026-9#{number}")
        campaign_id, _ = frozen(database, plan, clock.now())
        with database.write() as session:
            list_id = session.get_one(Campaign, campaign_id).list_id
            session.add(Category(list_id=list_id, key="c1", name_ko=name, name_en=name, position=1))
        (batch_id,) = batch_ids(database, campaign_id)
        with database.read() as session:
            (reader,) = composer.compose(session, batch_id, ATTEMPT, clock.now()).message.recipients
        found.append(reader.substitutions[tags(NONCE).picks_text])
    assert found == ["고르신 배터리", "고르신 이차전지"]


def test_a_mailing_day_counts_from_1970_in_utc() -> None:
    assert mailing_day(datetime(1970, 1, 2, tzinfo=UTC)) == 1
    moment = datetime(2026, 9, 1, 23, 30, tzinfo=UTC)
    assert mailing_day(moment + timedelta(hours=1)) == mailing_day(moment) + 1
