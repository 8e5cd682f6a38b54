from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import select

from newsletter.db import Database
from newsletter.delivery.models import Batch, Request
from newsletter.delivery.states import BatchState
from newsletter.events.recorder import record
from newsletter.events.vocabulary import EventKind, ProviderEvent
from newsletter.kit.clock import SteppedClock
from tests.events.world import ATTEMPT, SENT_AT, World, a_world


@pytest.fixture
def world(database: Database) -> World:
    """A campaign whose only request ended without an answer."""
    with database.write() as session:
        world = a_world(session)
        session.execute(update(Batch).values(state=BatchState.UNKNOWN, settled_at=None, message_id=None))
        session.execute(update(Request).values(outcome=None, status=None, message_id=None))
    return world


def the_batch(database: Database) -> Batch:
    with database.read() as session:
        return session.exec(select(Batch)).one()


@pytest.mark.parametrize("kind", [EventKind.PROCESSED, EventKind.DROPPED, EventKind.DELIVERED, EventKind.BLOCKED])
def test_any_event_with_the_attempt_proves_the_whole_request(
    database: Database, world: World, clock: SteppedClock, kind: EventKind
) -> None:
    """R-21: one event of one reader; `dropped` counts as well."""
    event = ProviderEvent(kind, SENT_AT, (world.campaign_id, 2), attempt_id=ATTEMPT)
    for _ in range(2):
        with database.write() as session:
            record(session, [event, event], clock.now())
        assert the_batch(database).state is BatchState.ACCEPTED


def test_an_event_about_a_reader_we_do_not_know_still_proves_the_request(
    database: Database, world: World, clock: SteppedClock
) -> None:
    event = ProviderEvent(EventKind.PROCESSED, SENT_AT, (world.campaign_id, 999), attempt_id=ATTEMPT)
    with database.write() as session:
        assert record(session, [event], clock.now()).unknown == 1
    assert the_batch(database).state is BatchState.ACCEPTED


@pytest.mark.parametrize("attempt", [None, "another", "", ATTEMPT + "x"])
def test_an_event_of_another_request_proves_nothing(
    database: Database, world: World, clock: SteppedClock, attempt: str | None
) -> None:
    event = ProviderEvent(EventKind.DELIVERED, SENT_AT, (world.campaign_id, 1), attempt_id=attempt)
    with database.write() as session:
        record(session, [event], clock.now())
    assert the_batch(database).state is BatchState.UNKNOWN
