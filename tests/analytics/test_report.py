from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from sqlmodel import Session

from newsletter.analytics.report import report
from newsletter.campaigns.models import Campaign, Exclusion
from newsletter.campaigns.states import ExclusionStage
from newsletter.db import Database
from newsletter.errors import NotFound
from newsletter.events.models import LoadCounter
from newsletter.events.recorder import record
from newsletter.events.vocabulary import BounceClass, EventKind, ProviderEvent, Signal
from subscribers.models import MailingList
from tests.builders import a_reader
from tests.events.world import SENT_AT, World, a_world


def an_event(world: World, kind: EventKind, position: int, after: float = 60) -> ProviderEvent:
    return ProviderEvent(kind, SENT_AT + timedelta(seconds=after), (world.campaign_id, position))


def a_click(world: World, position: int, target: int, after: float, signal: Signal = Signal.PLAIN) -> ProviderEvent:
    at = SENT_AT + timedelta(seconds=after)
    return ProviderEvent(
        EventKind.CLICK, at, (world.campaign_id, position), target=target, signal=signal, attempt=str(after)
    )


def an_open(world: World, position: int, signal: Signal) -> ProviderEvent:
    return ProviderEvent(EventKind.OPEN, SENT_AT + timedelta(seconds=300), (world.campaign_id, position), signal=signal)


@pytest.fixture
def world(database: Database) -> World:
    """Five deliveries, one candidate left out, and events of every kind."""
    with database.write() as session:
        world = a_world(session, count=5)
        _leave_one_out(session, world)
        session.add(LoadCounter(campaign_id=world.campaign_id, count=11))
        record(
            session,
            [
                *(an_event(world, EventKind.DELIVERED, position) for position in (1, 2, 3)),
                an_event(world, EventKind.DEFERRED, 3, 10),
                ProviderEvent(
                    EventKind.BOUNCE, SENT_AT, (world.campaign_id, 4), bounce=BounceClass.HARD, reason="550 5.1.1"
                ),
                ProviderEvent(EventKind.BLOCKED, SENT_AT, (world.campaign_id, 5), bounce=BounceClass.SOFT),
                an_open(world, 1, Signal.PLAIN),
                an_open(world, 1, Signal.FLAGGED),
                an_open(world, 2, Signal.FLAGGED),
                an_open(world, 3, Signal.NAMELESS),
                a_click(world, 1, 1, 400),
                a_click(world, 1, 2, 460),
                a_click(world, 2, 2, 500),
                a_click(world, 2, 2, 560),
                a_click(world, 3, 3, 600, Signal.TOOL),
            ],
            SENT_AT + timedelta(hours=1),
        )
    return world


def _leave_one_out(session: Session, world: World) -> None:
    campaign = session.get_one(Campaign, world.campaign_id)
    campaign.candidate_count = 6
    session.add(campaign)
    mailing_list = session.get_one(MailingList, world.list_id)
    session.add(
        Exclusion(
            campaign_id=world.campaign_id,
            subscriber_id=a_reader(session, mailing_list, email="bob@example.com").subscriber_id,
            stage=ExclusionStage.FREEZE,
            reason="nothing-matched",
            at=SENT_AT,
        )
    )


def test_candidates_are_deliveries_and_exclusions(database: Database, world: World) -> None:
    with database.read() as session:
        sending = report(session, world.campaign_id).sending
    assert (sending.candidates, sending.deliveries, sending.accepted) == (6, 5, 5)
    assert sending.excluded_at_freeze == {"nothing-matched": 1}
    assert sending.sums_close
    assert (sending.variants, sending.requests) == (1, 1)


def test_outcomes_count_deliveries_once(database: Database, world: World) -> None:
    with database.read() as session:
        outcome = report(session, world.campaign_id).outcome
    assert (outcome.delivered, outcome.deferred, outcome.bounced, outcome.blocked) == (3, 1, 1, 1)
    assert outcome.bounced_by_class == {"hard": 1}


def test_the_three_kinds_of_opens_stand_apart(database: Database, world: World) -> None:
    with database.read() as session:
        opens = report(session, world.campaign_id).opens
    assert (opens.loads, opens.people, opens.machines, opens.suspects, opens.measured) == (11, 1, 2, 1, 5)


def test_clicks_by_people_are_counted_by_item_section_and_category(database: Database, world: World) -> None:
    with database.read() as session:
        found = report(session, world.campaign_id)
    assert [(one.name, one.people, one.clicks) for one in found.items] == [("a1", 1, 1), ("a2", 2, 3), ("c1", 0, 0)]
    assert {one.name: one.people for one in found.sections} == {"industry-tech": 2, "clipping": 0}
    assert {one.name: one.people for one in found.categories} == {"AI": 1, "배터리": 2, "모빌리티": 2, "신소재": 0}
    assert (found.clicked_people, found.clicked_machines) == (2, 1)


def test_a_report_is_plain_json_and_even_rows(database: Database, world: World) -> None:
    with database.read() as session:
        found = report(session, world.campaign_id)
    again = orjson.loads(orjson.dumps(found.to_json()))
    assert again["opens"]["people"] == 1
    rows = found.rows()
    assert rows[0] == ("group", "name", "count", "of")
    assert {len(row) for row in rows} == {4}
    assert ("opens", "image loads", 11, 0) in rows


def test_a_campaign_that_is_not_there_says_so(database: Database) -> None:
    with database.read() as session, pytest.raises(NotFound, match="no campaign 99"):
        report(session, 99)
