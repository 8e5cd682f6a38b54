from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import Session, SQLModel, select

from newsletter.db import Database
from newsletter.events import recorder
from newsletter.events.applied import Applied
from newsletter.events.models import Event, Fact
from newsletter.events.recorder import record
from newsletter.events.vocabulary import BounceClass, EventKind, HitClass, ProviderEvent, Signal
from subscribers import subscriptions
from subscribers.models import (
    ConsentAction,
    ConsentRecord,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
    Tracking,
)
from subscribers.subscriptions import Change
from tests.events.world import SENT_AT, World, a_world

NOW = SENT_AT + timedelta(hours=1)


def an_event(world: World, kind: EventKind, *, position: int = 1, after: float = 60, **members: Any) -> ProviderEvent:  # noqa: ANN401 -- any member of an event
    event = ProviderEvent(kind, SENT_AT + timedelta(seconds=after), (world.campaign_id, position))
    return replace(event, **members)


@pytest.fixture
def world(database: Database) -> World:
    with database.write() as session:
        return a_world(session)


def apply(database: Database, *events: ProviderEvent, now: datetime = NOW) -> Applied:
    with database.write() as session:
        applied = record(session, events, now)
    assert applied.events == len(events) == _sum(applied)
    return applied


def _sum(applied: Applied) -> int:
    return applied.new + applied.repeated + applied.unknown + applied.unmeasured + applied.late


def everything(session: Session) -> dict[str, Any]:
    """All that events may change, as a value to compare."""
    return {
        "facts": sorted(str(fact.model_dump()) for fact in session.exec(select(Fact))),
        "events": sorted((event.key, event.kind, str(event.hit_class)) for event in session.exec(select(Event))),
        "suppressed": sorted((one.email_key, one.scope) for one in session.exec(select(Suppression))),
        "ended": sorted(
            one.id or 0 for one in session.exec(select(Subscription)) if one.state is SubscriptionState.ENDED
        ),
        "withdrawn": sorted(
            (one.subscriber_id, one.purpose)
            for one in session.exec(select(ConsentRecord))
            if one.action is ConsentAction.WITHDRAWN
        ),
    }


def rows(database: Database, table: type[SQLModel]) -> Sequence[SQLModel]:
    with database.read() as session:
        return session.exec(select(table)).all()


def test_facts_hold_the_first_the_last_and_the_number(database: Database, world: World) -> None:
    early, late = (an_event(world, EventKind.DEFERRED, after=after, attempt=str(after)) for after in (5, 50))
    apply(database, late)
    apply(database, early)
    with database.read() as session:
        fact = session.exec(select(Fact)).one()
    assert (fact.first_at, fact.last_at, fact.count) == (early.occurred_at, late.occurred_at, 2)


def test_a_repeat_under_a_new_provider_id_is_still_a_repeat(database: Database, world: World) -> None:
    """R-65."""
    event = an_event(world, EventKind.DELIVERED, provider_id="one")
    assert apply(database, event).new == 1
    assert apply(database, replace(event, provider_id="two")).repeated == 1
    assert len(rows(database, Event)) == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"attempt": "2"},
        {"reason": "another"},
        {"occurred_at": SENT_AT + timedelta(seconds=61)},
        {"kind": EventKind.DELIVERED},
    ],
)
def test_what_differs_is_no_repeat(database: Database, world: World, difference: dict[str, Any]) -> None:
    event = an_event(world, EventKind.DEFERRED, attempt="1", reason="a reason")
    assert apply(database, event, replace(event, **difference)).new == 2


def test_an_event_about_nobody_is_counted_and_not_kept(database: Database, world: World) -> None:
    """R-66."""
    strangers = [
        an_event(world, EventKind.DELIVERED, position=999, email="stranger@example.com"),
        ProviderEvent(EventKind.DELIVERED, SENT_AT, (world.campaign_id + 1, 1), email="stranger@example.com"),
        ProviderEvent(EventKind.BOUNCE, SENT_AT, email="stranger@example.com", bounce=BounceClass.HARD),
        ProviderEvent(EventKind.BOUNCE, SENT_AT, email="no address", bounce=BounceClass.HARD),
        ProviderEvent(EventKind.BOUNCE, SENT_AT, bounce=BounceClass.HARD),
        ProviderEvent(EventKind.DELIVERED, SENT_AT, email=world.emails[0]),
    ]
    assert apply(database, *strangers).unknown == len(strangers)
    assert rows(database, Event) == rows(database, Fact) == rows(database, Suppression) == []


def test_an_event_too_old_to_tell_from_a_repeat_is_refused(database: Database, world: World) -> None:
    event = an_event(world, EventKind.DELIVERED)
    assert apply(database, event, now=event.occurred_at + timedelta(days=30, seconds=1)).late == 1
    assert apply(database, event, now=event.occurred_at + timedelta(days=30)).new == 1


def test_no_address_is_kept_with_an_event(database: Database, world: World) -> None:
    apply(
        database,
        *(an_event(world, kind, email=world.emails[0], reason="gone", bounce=None) for kind in EventKind),
    )
    with database.read() as session:
        kept = [event.model_dump() for event in session.exec(select(Event))]
    assert kept
    assert "@" not in repr(kept)


# Effects


def hard(world: World, **members: Any) -> ProviderEvent:  # noqa: ANN401 -- any member of an event
    return an_event(world, EventKind.BOUNCE, bounce=BounceClass.HARD, reason="550 5.1.1", **members)


def test_a_hard_bounce_suppresses_the_address_everywhere(database: Database, world: World) -> None:
    apply(database, hard(world, email=world.emails[0]))
    with database.read() as session:
        (found,) = session.exec(select(Suppression)).all()
    assert (found.email_key, found.scope, found.reason) == (world.emails[0], "*", SuppressionReason.HARD_BOUNCE)


@pytest.mark.parametrize(
    ("kind", "bounce"),
    [
        (EventKind.BOUNCE, BounceClass.SOFT),
        (EventKind.BOUNCE, BounceClass.SENDER_PROBLEM),
        (EventKind.BLOCKED, BounceClass.SOFT),
        (EventKind.BLOCKED, BounceClass.HARD),
        (EventKind.DROPPED, None),
        (EventKind.DEFERRED, None),
    ],
)
def test_nothing_softer_suppresses(
    database: Database, world: World, kind: EventKind, bounce: BounceClass | None
) -> None:
    apply(database, an_event(world, kind, bounce=bounce, email=world.emails[0]))
    assert rows(database, Suppression) == []
    assert len(rows(database, Fact)) == 1


def test_a_late_bounce_without_ids_is_matched_by_address(database: Database, world: World) -> None:
    event = ProviderEvent(EventKind.BOUNCE, SENT_AT, email=world.emails[1].upper(), bounce=BounceClass.HARD)
    assert apply(database, event).new == 1
    assert apply(database, event).repeated == 1
    with database.read() as session:
        assert [one.email_key for one in session.exec(select(Suppression))] == [world.emails[1]]
        assert session.exec(select(Fact)).all() == []


def test_a_bounce_of_an_address_given_up_suppresses_nobody(database: Database, world: World) -> None:
    apply(database, hard(world, email="former@example.com"))
    assert rows(database, Suppression) == []


def test_an_erased_person_stays_erased(database: Database, world: World) -> None:
    """R-66."""
    with database.write() as session:
        person = session.get_one(Subscriber, world.readers[0].subscriber_id)
        person.email = person.email_key = None
        session.add(person)
    assert apply(database, hard(world, email=world.emails[0])).new == 1
    assert rows(database, Suppression) == []
    assert len(rows(database, Fact)) == 1


def test_a_spam_report_suppresses_and_ends_with_a_record(database: Database, world: World) -> None:
    apply(database, an_event(world, EventKind.SPAM_REPORT, email=world.emails[0]))
    with database.read() as session:
        assert [one.reason for one in session.exec(select(Suppression))] == [SuppressionReason.SPAM_REPORT]
        subscription = session.get_one(Subscription, world.readers[0].id)
        record_of_it = [one for one in session.exec(select(ConsentRecord)) if one.action is ConsentAction.WITHDRAWN]
    assert (subscription.state, subscription.ended_reason) == (SubscriptionState.ENDED, "spam-report")
    assert {(one.purpose, one.actor, one.how) for one in record_of_it} >= {("newsletter", "provider", "webhook")}


def test_an_unsubscribe_ends_the_subscription_and_no_other(database: Database, world: World) -> None:
    apply(database, an_event(world, EventKind.UNSUBSCRIBE))
    with database.read() as session:
        states = [session.get_one(Subscription, reader.id).state for reader in world.readers]
    assert states == [SubscriptionState.ENDED, SubscriptionState.ACTIVE, SubscriptionState.ACTIVE]


def test_an_unsubscribe_without_ids_ends_all_of_that_address(database: Database, world: World) -> None:
    apply(database, ProviderEvent(EventKind.UNSUBSCRIBE, SENT_AT, email=world.emails[2]))
    with database.read() as session:
        states = [session.get_one(Subscription, reader.id).state for reader in world.readers]
    assert states == [SubscriptionState.ACTIVE, SubscriptionState.ACTIVE, SubscriptionState.ENDED]


# Consent to be followed (C-42)


@pytest.mark.parametrize("kind", [EventKind.OPEN, EventKind.CLICK])
@pytest.mark.parametrize("tracking", [Tracking.AGGREGATE, Tracking.NONE])
def test_after_withdrawal_a_hit_leaves_no_row(
    database: Database, world: World, kind: EventKind, tracking: Tracking
) -> None:
    with database.write() as session:
        subscriptions.change(session, world.readers[0].id or 0, Change(tracking=tracking), NOW)
    assert apply(database, an_event(world, kind)).unmeasured == 1
    assert rows(database, Event) == rows(database, Fact) == []


def test_who_agrees_is_measured(database: Database, world: World) -> None:
    assert apply(database, an_event(world, EventKind.OPEN)).new == 1
    assert len(rows(database, Event)) == len(rows(database, Fact)) == 1


@pytest.mark.parametrize("first", [EventKind.OPEN, EventKind.SPAM_REPORT])
def test_the_hits_of_who_leaves_are_dropped_in_either_order(database: Database, world: World, first: EventKind) -> None:
    second = EventKind.SPAM_REPORT if first is EventKind.OPEN else EventKind.OPEN
    apply(database, an_event(world, first))
    apply(database, an_event(world, second))
    with database.read() as session:
        assert [fact.kind for fact in session.exec(select(Fact))] == [EventKind.SPAM_REPORT]
        assert [event.kind for event in session.exec(select(Event))] == [EventKind.SPAM_REPORT]


def test_a_delivery_told_late_makes_an_early_open_a_prefetch(database: Database, world: World) -> None:
    apply(database, an_event(world, EventKind.OPEN, after=61))
    with database.read() as session:
        assert session.exec(select(Fact)).one().hit_class is HitClass.PERSON
    apply(database, an_event(world, EventKind.DELIVERED, after=60))
    with database.read() as session:
        classes = {fact.kind: fact.hit_class for fact in session.exec(select(Fact))}
    assert classes == {EventKind.OPEN: HitClass.PREFETCH, EventKind.DELIVERED: HitClass.NONE}


# Any order, any multiplicity (R-60, I5)

Specs = list[tuple[EventKind, int, int, Signal, BounceClass, int | None, int]]
specs = st.lists(
    st.tuples(
        st.sampled_from(EventKind),
        st.integers(1, 3),
        st.integers(0, 20),
        st.sampled_from(Signal),
        st.sampled_from(BounceClass),
        st.sampled_from([None, 1, 2, 3, 4, 5]),
        st.integers(1, 46),
    ),
    min_size=1,
    max_size=60,
)


def built(world: World, found: Specs) -> list[tuple[ProviderEvent, int]]:
    return [
        (
            an_event(
                world,
                kind,
                position=position,
                after=after,
                signal=signal if kind in {EventKind.OPEN, EventKind.CLICK} else Signal.PLAIN,
                bounce=bounce if kind is EventKind.BOUNCE else None,
                target=target if kind is EventKind.CLICK else None,
                email=world.emails[position - 1],
            ),
            times,
        )
        for kind, position, after, signal, bounce, target, times in found
    ]


def state_after(database: Database, *posts: Sequence[ProviderEvent]) -> dict[str, Any]:
    """What these posts lead to, undone afterwards: the next example starts from the same world."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, expire_on_commit=False) as session:
            for post in posts:
                record(session, post, NOW)
            session.flush()
            found = everything(session)
        transaction.rollback()
    return found


@given(specs, st.integers(1, 20), st.randoms(use_true_random=False))
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_order_and_multiplicity_gives_the_same_state(
    database: Database, world: World, found: Specs, posts: int, chance: random.Random
) -> None:
    """R-60: 100 cases on each database."""
    events = built(world, found)
    ordered = sorted((event for event, _ in events), key=lambda event: (event.occurred_at, event.kind))
    scattered = [event for event, times in events for _ in range(times)]
    chance.shuffle(scattered)
    split: list[list[ProviderEvent]] = [[] for _ in range(posts)]
    for event in scattered:
        split[chance.randrange(posts)].append(event)
    assert state_after(database, ordered) == state_after(database, *split)


def test_without_dedupe_the_property_would_fail(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of R-60: a recorder that takes each event for new."""
    event = an_event(world, EventKind.DELIVERED)
    once = state_after(database, [event])
    original = recorder._insert

    def forgetful(session: Session, known: Any, received_at: datetime) -> set[str]:  # noqa: ANN401 -- the original's
        session.execute(delete(Event))
        return original(session, known, received_at)

    monkeypatch.setattr(recorder, "_insert", forgetful)
    assert state_after(database, [event], [event]) != once
