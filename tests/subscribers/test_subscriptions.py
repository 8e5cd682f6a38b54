from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlmodel import Session, func, select

from newsletter.db import Database
from subscribers import consent, suppression
from subscribers.addresses import normalise
from subscribers.audience import ALL_LISTS, candidates
from subscribers.consent import READER, Act, Purpose
from subscribers.errors import InvalidWish, UnknownSubscription
from subscribers.models import (
    Cadence,
    ConsentRecord,
    MailingList,
    Selection,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
    Tracking,
)
from subscribers.preferences import Preferences
from subscribers.selections import EVERYTHING, Wishes
from subscribers.store import wishes_of
from subscribers.subscriptions import (
    Change,
    Proof,
    change,
    confirm,
    get,
    leave,
    leave_all,
    of_address,
    preferences_of,
    rejoin,
    resume,
    subscribe,
)
from tests.builders import a_list, a_reader, the_four

ACTIVE, PENDING, ENDED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.ENDED
HOUR = timedelta(hours=1)


def _id(subscription: Subscription) -> int:
    assert subscription.id is not None
    return subscription.id


def _said(session: Session, subscription: Subscription) -> list[tuple[str, str, str]]:
    return [
        (entry.purpose, entry.action.value, entry.how) for entry in consent.history(session, subscription.subscriber_id)
    ]


def _reason(session: Session, mailing_list: MailingList, subscription: Subscription, now: datetime) -> str | None:
    for row in session.execute(candidates(mailing_list, list(Cadence), now)):
        if row.subscription_id == subscription.id:
            reason: str | None = row.reason
            return reason
    return "not on the list"


def test_a_sign_up_is_pending_until_the_mailbox_says_yes(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        carol = a_reader(session, mailing_list, email="carol@example.net", is_confirmed=False)
        assert _reason(session, mailing_list, carol, now) == "unconfirmed"
        assert confirm(session, _id(carol), now)
        assert _reason(session, mailing_list, carol, now) is None
        assert get(session, _id(carol)).confirmed_at == now
        assert _said(session, carol) == [("newsletter", "given", "form"), ("newsletter", "given", "confirmation")]


def test_a_confirmation_works_once(database: Database, mailing_list: MailingList, now: datetime) -> None:
    with database.write() as session:
        carol = a_reader(session, mailing_list, email="carol@example.net", is_confirmed=False)
        assert [confirm(session, _id(carol), now + step * HOUR) for step in range(3)] == [True, False, False]
        assert get(session, _id(carol)).confirmed_at == now
        assert len(_said(session, carol)) == 2


def test_a_confirmation_link_does_not_bring_back_who_left(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        carol = a_reader(session, mailing_list, email="carol@example.net", is_confirmed=False)
        leave(session, _id(carol), now, "one-click")
        assert not confirm(session, _id(carol), now)
        assert get(session, _id(carol)).state is ENDED


def test_somebody_who_knows_only_the_address_changes_nothing(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com", name="Alice", language="en")
        again = a_reader(
            session, mailing_list, email="ALICE@example.com", name="Somebody else", is_confirmed=False, now=now
        )
        assert again.id == alice.id
        assert (again.name, again.language, again.state) == ("Alice", "en", ACTIVE)
        assert len(_said(session, alice)) == 1
        a_reader(session, mailing_list, email="alice@example.com", name="Alice B", is_confirmed=True, now=now)
        assert get(session, _id(alice)).name == "Alice B", "her own mailbox may"


def test_leaving_is_done_at_once_and_once(database: Database, mailing_list: MailingList, now: datetime) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
        assert leave(session, _id(alice), now, "one-click")
        assert [leave(session, _id(alice), now + HOUR, "one-click") for _ in range(100)] == [False] * 100
        assert _reason(session, mailing_list, alice, now) == "not on the list"
        ended = get(session, _id(alice))
        assert (ended.state, ended.ended_at, ended.ended_reason) == (ENDED, now, "unsubscribed")
        assert _said(session, alice)[1:] == [("newsletter", "withdrawn", "one-click")]


def test_leaving_withdraws_every_consent_that_stood(
    database: Database, mailing_list: MailingList, list_id: int, now: datetime
) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com", tracking=Tracking.INDIVIDUAL)
        assert consent.given_purposes(session, alice.subscriber_id, list_id) == {"newsletter", "tracking"}
        leave(session, _id(alice), now, "form")
        assert consent.given_purposes(session, alice.subscriber_id, list_id) == set()


def test_leaving_at_the_same_moment_is_recorded_once(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
    start = Barrier(4)

    def go(_number: int) -> bool:
        start.wait()
        with database.write() as session:
            return leave(session, _id(alice), now, "one-click")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(go, range(4))) == [False, False, False, True]
    with database.read() as session:
        assert len(_said(session, alice)) == 2


def test_confirming_at_the_same_moment_is_recorded_once(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        carol = a_reader(session, mailing_list, email="carol@example.net", is_confirmed=False)
    start = Barrier(4)

    def go(_number: int) -> bool:
        start.wait()
        with database.write() as session:
            return confirm(session, _id(carol), now)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(go, range(4))) == [False, False, False, True]


def test_signing_up_at_the_same_moment_makes_one_person(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    start = Barrier(4)

    def go(_number: int) -> int | None:
        start.wait()
        with database.write() as session:
            return a_reader(session, mailing_list, email="alice@example.com", now=now).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(go, range(4)))) == 1
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(Subscriber)).one() == 1


@pytest.mark.parametrize("actor", ["import:1", "admin:1", "provider"])
@pytest.mark.parametrize("reason", ["unsubscribed", "spam-report", "hard-bounce"])
def test_nobody_else_brings_back_who_left(
    database: Database, mailing_list: MailingList, now: datetime, actor: str, reason: str
) -> None:
    """I6. The control is the reader's own sign-up, which does."""
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
        leave(session, _id(alice), now, "webhook", reason=reason)
        address, settings = normalise("alice@example.com"), Preferences()
        by_other = Proof(Act(now, "sync", actor), is_confirmed=True)
        subscribe(session, mailing_list, address, EVERYTHING, settings, by_other, now=now)
        assert get(session, _id(alice)).state is ENDED
        assert get(session, _id(alice)).ended_reason == reason
        by_reader = Proof(Act(now, "form", READER))
        subscribe(session, mailing_list, address, EVERYTHING, settings, by_reader, now=now)
        assert get(session, _id(alice)).state is PENDING
        assert confirm(session, _id(alice), now)
        assert get(session, _id(alice)).ended_reason is None


def test_leaving_all_lists_holds_for_later_ones_too(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        weekly = a_list(session, slug="weekly")
        alice = a_reader(session, mailing_list, email="alice@example.com")
        a_reader(session, weekly, email="alice@example.com")
        bob = a_reader(session, weekly, email="bob@example.org")
        assert leave_all(session, alice.subscriber_id, now, "form") == 2
        assert leave_all(session, alice.subscriber_id, now, "form") == 0
        assert suppression.is_suppressed(session, "alice@example.com", "a list of tomorrow")
        assert get(session, _id(bob)).state is ACTIVE
        assert len([entry for entry in _said(session, alice) if entry[1] == "withdrawn"]) == 3


def test_a_new_yes_takes_back_the_own_no_but_not_a_complaint(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        people = the_four(session, mailing_list)
        leave_all(session, people.alice.subscriber_id, now, "form")
        for who, email in ((people.alice, "alice@example.com"), (people.dave, "dave@example.com")):
            leave(session, _id(who), now, "form")
            a_reader(session, mailing_list, email=email, is_confirmed=False, now=now)
            assert confirm(session, _id(who), now)
        assert _reason(session, mailing_list, people.alice, now) is None
        assert _reason(session, mailing_list, people.dave, now) == "suppressed"


def test_a_reader_takes_their_leaving_back(
    database: Database, mailing_list: MailingList, list_id: int, now: datetime
) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com", tracking=Tracking.INDIVIDUAL)
        before = consent.given_purposes(session, alice.subscriber_id, list_id)
        leave(session, _id(alice), now, "one-click")
        assert rejoin(session, _id(alice), now + HOUR)
        assert not rejoin(session, _id(alice), now + HOUR)
        assert get(session, _id(alice)).state is ACTIVE
        assert consent.given_purposes(session, alice.subscriber_id, list_id) == before


def test_a_complaint_is_not_taken_back_by_a_link(database: Database, mailing_list: MailingList, now: datetime) -> None:
    with database.write() as session:
        people = the_four(session, mailing_list)
        leave(session, _id(people.alice), now, "webhook", "provider", reason="spam-report")
        leave(session, _id(people.carol), now, "one-click")
        assert not rejoin(session, _id(people.alice), now)
        assert not rejoin(session, _id(people.carol), now), "who never confirmed must confirm"
        assert not rejoin(session, _id(people.bob), now), "who never left can't come back"


def test_a_change_sets_what_it_says_and_nothing_else(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com", name="Alice", send_hour=7, time_zone="UTC")
        picked = alice.selection_id
        change(session, _id(alice), Change(cadence=Cadence.WEEKLY), now)
        assert preferences_of(get(session, _id(alice))) == Preferences(
            "Alice", "ko", "UTC", 7, Cadence.WEEKLY, Tracking.AGGREGATE
        )
        assert alice.selection_id == picked
        change(session, _id(alice), Change(Wishes(("policy",), ("AI",)), "", "en", "", -1), now)
        changed = get(session, _id(alice))
        assert preferences_of(changed) == Preferences("", "en", None, None, Cadence.WEEKLY, Tracking.AGGREGATE)
        assert changed.changed_at == now
        selection = session.get(Selection, changed.selection_id)
        assert selection is not None
        assert wishes_of(selection) == Wishes(("policy",), ("AI",))
        assert len(_said(session, alice)) == 1, "a setting is no consent"


def test_a_change_brings_nobody_back(database: Database, mailing_list: MailingList, now: datetime) -> None:
    with database.write() as session:
        people = the_four(session, mailing_list)
        leave(session, _id(people.alice), now, "form")
        for who in (people.alice, people.carol):
            before = get(session, _id(who)).state
            change(session, _id(who), Change(EVERYTHING, "New", "en", cadence=Cadence.WEEKLY), now)
            assert get(session, _id(who)).state is before


def test_individual_tracking_begun_and_ended_is_recorded(
    database: Database, mailing_list: MailingList, list_id: int, now: datetime
) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
        for tracking in (Tracking.INDIVIDUAL, Tracking.INDIVIDUAL, Tracking.NONE, Tracking.AGGREGATE):
            change(session, _id(alice), Change(tracking=tracking), now)
        assert _said(session, alice)[1:] == [
            ("tracking", "given", "preferences"),
            ("tracking", "withdrawn", "preferences"),
        ]
        assert not consent.has_consented(session, alice.subscriber_id, list_id, Purpose.TRACKING)


def test_a_pause_ends_by_itself_or_by_the_reader(database: Database, mailing_list: MailingList, now: datetime) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
        change(session, _id(alice), Change(paused_until=now + HOUR), now)
        assert _reason(session, mailing_list, alice, now) == "paused"
        assert _reason(session, mailing_list, alice, now + HOUR) is None
        resume(session, _id(alice), now)
        assert _reason(session, mailing_list, alice, now) is None


def test_a_wrong_setting_changes_nothing(database: Database, mailing_list: MailingList, now: datetime) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com", name="Alice")
    for wrong in (Change(name="A\r\nBcc: b@example.org"), Change(language="xx"), Change(send_hour=24)):
        with pytest.raises(InvalidWish), database.write() as session:
            change(session, _id(alice), wrong, now)
    with database.read() as session:
        assert preferences_of(get(session, _id(alice))) == preferences_of(alice)


def test_an_unknown_subscription_is_said_to_be_one(database: Database, now: datetime) -> None:
    with database.write() as session:
        refusals: list[Callable[[], object]] = [
            lambda: get(session, 7),
            lambda: confirm(session, 7, now),
            lambda: leave(session, 7, now, "form"),
            lambda: change(session, 7, Change(), now),
        ]
        for refused in refusals:
            with pytest.raises(UnknownSubscription, match="7"):
                refused()


def test_an_address_is_looked_up_on_its_list(database: Database, mailing_list: MailingList) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
        weekly = a_list(session, slug="weekly")
        found = of_address(session, mailing_list, "alice@example.com")
        assert found is not None
        assert found.id == alice.id
        assert of_address(session, weekly, "alice@example.com") is None


def test_every_consent_change_has_its_record(database: Database, mailing_list: MailingList, now: datetime) -> None:
    """I7, counted: one record per purpose and act, none for what changed nothing."""
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com", is_confirmed=False)

        def count() -> int:
            return session.exec(select(func.count()).select_from(ConsentRecord)).one()

        steps: list[tuple[Callable[[], object], int]] = [
            (lambda: confirm(session, _id(alice), now), 1),
            (lambda: confirm(session, _id(alice), now), 0),
            (lambda: change(session, _id(alice), Change(tracking=Tracking.INDIVIDUAL), now), 1),
            (lambda: change(session, _id(alice), Change(name="Alice"), now), 0),
            (lambda: leave(session, _id(alice), now, "form"), 2),
            (lambda: leave(session, _id(alice), now, "form"), 0),
            (lambda: rejoin(session, _id(alice), now), 2),
            (lambda: leave_all(session, alice.subscriber_id, now, "form"), 3),
        ]
        for step, added in steps:
            before = count()
            step()
            assert count() - before == added


def test_a_suppression_of_another_list_withholds_nothing_here(
    database: Database, mailing_list: MailingList, now: datetime
) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
        suppression.suppress(session, "alice@example.com", "weekly", SuppressionReason.MANUAL, now)
        assert _reason(session, mailing_list, alice, now) is None
        suppression.suppress(session, "alice@example.com", ALL_LISTS, SuppressionReason.MANUAL, now)
        assert _reason(session, mailing_list, alice, now) == "suppressed"
