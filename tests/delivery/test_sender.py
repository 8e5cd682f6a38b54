from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from newsletter.campaigns.models import Campaign, Exclusion, Variant
from newsletter.campaigns.states import CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Obstacle
from newsletter.delivery.message import Message
from newsletter.delivery.models import Request
from newsletter.delivery.sender import SOCKET_LIMIT, Did, deliver, is_faulty_start
from newsletter.delivery.states import BatchState, WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.delivery.transports.memory import MemoryTransport
from newsletter.kit import faults
from newsletter.kit.clock import SteppedClock
from subscribers.models import Subscriber, Subscription, SubscriptionState
from tests.delivery.world import Person, Plan, batch_ids, broken_invariants, desk, frozen, people, states


def test_the_intent_is_committed_before_the_transport_is_called(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())

    def look(message: Message) -> Outcome:
        with database.read() as session:
            assert session.get_one(Request, message.attempt_id).outcome is None
        assert states(database, campaign_id) == {BatchState.CALLING: 1}
        return Outcome(WireClass.ACCEPTED, "m1", 202)

    step = deliver(desk(database, MemoryTransport([look]), clock), batch_ids(database, campaign_id)[0])
    assert (step.did, step.readers, step.wire) == (Did.CALLED, 3, WireClass.ACCEPTED)
    assert states(database, campaign_id) == {BatchState.ACCEPTED: 1}


def test_delivering_twice_sends_once(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    transport = MemoryTransport()
    (batch_id,) = batch_ids(database, campaign_id)
    deliver(desk(database, transport, clock), batch_id)
    step = deliver(desk(database, transport, clock), batch_id)
    assert (step.did, step.why) == (Did.WAITED, Obstacle.TAKEN)
    assert len(transport.seen) == 1


def test_who_leaves_while_the_message_is_made_is_not_in_it(database: Database, clock: SteppedClock) -> None:
    """I4: the message was composed for three; the gate in the claim lets two through, and two are sent."""
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    transport = MemoryTransport()
    parts = desk(database, transport, clock)

    class Slow(type(parts.composer)):  # type: ignore[misc]  # the composer's own class
        def compose(self, *arguments: object) -> object:
            composed = super().compose(*arguments)
            with database.write() as session:
                subscription = session.exec(select(Subscription)).first()
                assert subscription is not None
                subscription.state = SubscriptionState.ENDED
                session.add(subscription)
            return composed

    parts.composer.__class__ = Slow
    deliver(parts, batch_ids(database, campaign_id)[0])
    assert [one.position for one in transport.accepted[0].recipients] == [2, 3]


def test_a_named_index_is_an_index_into_what_was_sent(database: Database, clock: SteppedClock) -> None:
    """sendgrid.md, section 6: exclude row N as sent, which is not position N."""
    campaign_id, _ = frozen(database, Plan(people=people(4)), clock.now())
    with database.write() as session:
        person = session.exec(select(Subscriber)).first()
        assert person is not None
        person.email = person.email_key = None
        session.add(person)
    refusal = Outcome(WireClass.REFUSED, status=400, named=(1, 77))
    deliver(desk(database, MemoryTransport([refusal]), clock), batch_ids(database, campaign_id)[0])
    with database.read() as session:
        found = {one.reason: one.position for one in session.exec(select(Exclusion))}
    assert found == {"erased": 1, "refused-by-provider": 3}


def test_a_transport_that_raises_leaves_unknown(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())

    def burst(message: Message) -> Outcome:
        raise RuntimeError(message.recipients[0].email)

    deliver(desk(database, MemoryTransport([burst]), clock), batch_ids(database, campaign_id)[0])
    assert states(database, campaign_id) == {BatchState.UNKNOWN: 1}
    with database.read() as session:
        assert session.exec(select(Request)).one().detail == "RuntimeError"  # no address


def test_a_lane_that_reaches_the_socket_too_late_does_not_open_it(
    database: Database, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    transport = MemoryTransport()
    monkeypatch.setattr(
        "newsletter.delivery.sender.fp",
        lambda point: clock.advance(timedelta(seconds=SOCKET_LIMIT + 1)) if point == "07" else None,
    )
    step = deliver(desk(database, transport, clock), batch_ids(database, campaign_id)[0])
    assert (step.wire, transport.seen) == (WireClass.NOT_SENT, [])
    assert states(database, campaign_id) == {BatchState.READY: 1}


@pytest.mark.parametrize(
    ("point", "state"),
    [
        ("05", BatchState.READY),
        ("06", BatchState.READY),
        ("07", BatchState.READY),
        ("12", BatchState.UNKNOWN),
        ("13", BatchState.CALLING),
        ("14", BatchState.ACCEPTED),
    ],
)
def test_an_exception_at_a_fault_point_leaves_only_what_is_known(
    database: Database, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch, point: str, state: BatchState
) -> None:
    """reliability.md, section 4. At 13 the result transaction rolls back; the deadline then makes it unknown."""
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    monkeypatch.setattr(faults, "_fault", faults.parse(f"{point}:raise"))
    monkeypatch.setattr(faults, "_visits", Counter())
    transport = MemoryTransport()
    try:
        deliver(desk(database, transport, clock), batch_ids(database, campaign_id)[0])
    except faults.InjectedFault:
        assert point in {"05", "06", "13", "14"}
    assert states(database, campaign_id) == {state: 1}
    journal = [(one.attempt_id, person.position) for one in transport.accepted for person in one.recipients]
    assert broken_invariants(database, journal, campaign_id) == []


def test_a_batch_too_large_for_the_transport_is_split_and_sent_in_parts(
    database: Database, clock: SteppedClock
) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(5)), clock.now())
    transport = MemoryTransport(max_recipients=2)
    parts = desk(database, transport, clock)
    assert deliver(parts, batch_ids(database, campaign_id)[0]).did is Did.SPLIT
    for batch_id in batch_ids(database, campaign_id):
        deliver(parts, batch_id)
    assert sorted(len(one.recipients) for one in transport.accepted) == [1, 2, 2]


def test_a_faulty_start_pauses_the_campaign_and_sets_the_faulty_aside(database: Database, clock: SteppedClock) -> None:
    """R-71: at least one in a hundred of the first batch. Resumed by a person, it goes on without them."""
    readers = [Person(name="a\nb"), Person(name="a\nb"), *people(8)]
    campaign_id, _ = frozen(database, Plan(people=readers, batch_size=10), clock.now())
    transport = MemoryTransport()
    parts = desk(database, transport, clock)
    (batch_id,) = batch_ids(database, campaign_id)
    step = deliver(parts, batch_id)
    assert step.did is Did.PAUSED
    assert step.why.startswith("2 of the first 10 readers could not be rendered: name")
    assert transport.seen == []
    with database.write() as session:
        assert session.get_one(Campaign, campaign_id).state is CampaignState.PAUSED
        ledger.resume(session, campaign_id)
    assert deliver(parts, batch_id).readers == 8
    with database.read() as session:
        assert ledger.sums(session, campaign_id).send_exclusions == {"render-failed": 2}
        assert ledger.sums(session, campaign_id).closes


def test_one_bad_reader_never_stops_the_rest(database: Database, clock: SteppedClock) -> None:
    readers = [Person(name="a\nb"), *people(6)]
    campaign_id, _ = frozen(database, Plan(people=readers), clock.now())
    assert deliver(desk(database, MemoryTransport(), clock), batch_ids(database, campaign_id)[0]).readers == 6


def test_bad_readers_in_a_later_batch_are_excluded_without_a_pause(database: Database, clock: SteppedClock) -> None:
    readers = [*people(7), *[Person(name="a\nb") for _ in range(7)]]
    campaign_id, _ = frozen(database, Plan(people=readers), clock.now())
    parts = desk(database, MemoryTransport(), clock)
    steps = [deliver(parts, batch_id) for batch_id in batch_ids(database, campaign_id)]
    assert [step.did for step in steps] == [Did.CALLED, Did.WAITED]
    assert steps[1].why == Obstacle.NOBODY_LEFT
    with database.write() as session:
        assert ledger.finish(session, campaign_id, clock.now())


@pytest.mark.parametrize(
    ("failed", "readers", "is_faulty"),
    [(0, 10, False), (1, 7, False), (1, 1, True), (2, 200, True), (2, 201, False), (3, 250, True), (7, 7, True)],
)
def test_one_in_a_hundred_is_a_faulty_start(failed: int, readers: int, is_faulty: bool) -> None:
    assert is_faulty_start(failed, readers) is is_faulty


def test_a_letter_that_can_not_be_sent_pauses_before_any_intent(database: Database, clock: SteppedClock) -> None:
    """S-38: a line break in the subject."""
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    with database.write() as session:
        variant = session.exec(select(Variant)).one()
        variant.subject = "이번 호\r\nBcc: dave@example.com"
        session.add(variant)
    step = deliver(desk(database, MemoryTransport(), clock), batch_ids(database, campaign_id)[0])
    assert (step.did, step.why) == (Did.PAUSED, "The subject holds a control character; take it out.")
    with database.read() as session:
        assert session.exec(select(Request)).all() == []


def test_an_attempt_id_is_never_used_twice(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(14)), clock.now())
    parts = replace(desk(database, MemoryTransport(), clock), attempt_id=lambda: "a" * 32)
    first, second = batch_ids(database, campaign_id)
    deliver(parts, first)
    with pytest.raises(Exception, match=r"(?i)unique"):
        deliver(parts, second)
    assert states(database, campaign_id) == {BatchState.ACCEPTED: 1, BatchState.READY: 1}
