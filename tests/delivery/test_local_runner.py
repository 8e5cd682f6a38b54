from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from newsletter.campaigns.models import Campaign
from newsletter.campaigns.states import CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.message import Message
from newsletter.delivery.models import Request
from newsletter.delivery.rate import Rate
from newsletter.delivery.runners import local
from newsletter.delivery.runners.local import LocalRunner, Rest, sole
from newsletter.delivery.sender import Step
from newsletter.delivery.states import BatchState, WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.delivery.transports.memory import MemoryTransport
from newsletter.errors import StateError
from newsletter.kit.clock import SteppedClock
from tests.delivery.world import (
    FAST,
    Person,
    Plan,
    batch_ids,
    broken_invariants,
    desk,
    frozen,
    people,
    states,
)


def run(
    database: Database,
    transport: MemoryTransport,
    clock: SteppedClock,
    tmp_path: Path,
    *,
    lanes: int = 3,
    steps: list[Step] | None = None,
    rate: Rate = FAST,
) -> Rest:
    """Until idle, on a clock that jumps instead of waiting."""
    runner = LocalRunner(
        desk(database, transport, clock, rate=rate),
        lanes,
        tmp_path / "sender.lock",
        None if steps is None else steps.append,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
    )
    return runner.run_until_idle()


def journal(transport: MemoryTransport) -> list[tuple[str, int]]:
    return [(one.attempt_id, person.position) for one in transport.accepted for person in one.recipients]


def test_a_campaign_goes_out_once_to_everybody_and_finishes(
    database: Database, clock: SteppedClock, tmp_path: Path
) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(100, selections=4)), clock.now())
    transport, steps = MemoryTransport(), list[Step]()
    assert run(database, transport, clock, tmp_path, steps=steps) == Rest("idle", 16)
    assert sorted(position for _, position in journal(transport)) == list(range(1, 101))
    assert broken_invariants(database, journal(transport), campaign_id) == []
    assert sum(step.readers for step in steps) == 100
    with database.read() as session:
        assert session.get_one(Campaign, campaign_id).state is CampaignState.FINISHED
    assert run(database, transport, clock, tmp_path) == Rest("idle", 0)


def test_what_is_due_later_is_waited_for(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    plan = Plan(people=[Person(), Person(hour=8)], later={8: timedelta(seconds=90)})
    started = clock.now()
    campaign_id, _ = frozen(database, plan, started)
    transport = MemoryTransport()
    run(database, transport, clock, tmp_path)
    first, second = (one.at - started for one in transport.accepted)
    assert first == timedelta()
    assert timedelta(seconds=90) <= second < timedelta(seconds=92)
    assert states(database, campaign_id) == {BatchState.ACCEPTED: 2}


def test_trouble_on_the_wire_is_waited_out(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(70)), clock.now())
    trouble = [
        Outcome(WireClass.NOT_SENT),
        Outcome(WireClass.THROTTLED, status=429),
        Outcome(WireClass.REFUSED, status=400, named=(2,)),
        Outcome(WireClass.REFUSED, status=413),
        Outcome(WireClass.NOT_SENT),
    ]
    transport = MemoryTransport(trouble)
    run(database, transport, clock, tmp_path)
    assert broken_invariants(database, journal(transport), campaign_id) == []
    assert len(journal(transport)) == 69
    with database.read() as session:
        assert session.get_one(Campaign, campaign_id).state is CampaignState.FINISHED


def test_an_unknown_answer_is_never_sent_again_by_itself(
    database: Database, clock: SteppedClock, tmp_path: Path
) -> None:
    """R-20's heart: the provider took it, nobody knows, and a year of running changes nothing."""
    campaign_id, _ = frozen(database, Plan(people=people(14)), clock.now())
    transport = MemoryTransport([Outcome(WireClass.UNKNOWN, status=504)])
    for _ in range(3):
        run(database, transport, clock, tmp_path)
        clock.advance(timedelta(days=120))
    assert len(transport.seen) == 2
    assert states(database, campaign_id) == {BatchState.UNKNOWN: 1, BatchState.ACCEPTED: 1}
    with database.read() as session:
        assert session.get_one(Campaign, campaign_id).state is CampaignState.SENDING


def test_one_401_stops_everything(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    """R-36: at most one more request per lane."""
    campaign_id, _ = frozen(database, Plan(people=people(140)), clock.now())

    def refuse(_message: Message) -> Outcome:
        return Outcome(WireClass.REFUSED_ACCOUNT, status=401, detail="credits exceeded")

    transport = MemoryTransport([refuse] * 100)
    assert run(database, transport, clock, tmp_path).why == "stopped"
    assert len(transport.seen) <= 3
    assert states(database, campaign_id) == {BatchState.READY: 20}
    with database.write() as session:
        ledger.restart(session, "memory")
    transport._script.clear()
    assert run(database, transport, clock, tmp_path).why == "idle"
    assert broken_invariants(database, journal(transport), campaign_id) == []


def test_a_restart_finds_what_was_calling_unknown(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(21)), clock.now())
    now = clock.now()
    attempt = ledger.Attempt("a" * 32, "memory", "gone", now, now + timedelta(seconds=150))
    with database.write() as session:
        assert isinstance(ledger.claim(session, batch_ids(database, campaign_id)[0], attempt, FAST), ledger.Claim)
    transport = MemoryTransport()
    run(database, transport, clock, tmp_path)
    assert states(database, campaign_id) == {BatchState.UNKNOWN: 1, BatchState.ACCEPTED: 2}
    assert len(transport.seen) == 2


def test_the_rate_holds_over_all_lanes(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    frozen(database, Plan(people=people(60), batch_size=3), clock.now())
    transport = MemoryTransport()
    started = clock.now()
    run(database, transport, clock, tmp_path, rate=Rate(per_second=2, burst=2))
    seconds = [(one.at - started).total_seconds() for one in transport.accepted]
    assert len(seconds) == 20
    assert max(seconds) >= 9  # 20 requests, 2 at once, 2 a second
    assert all(sum(at <= other < at + 1 for other in seconds) <= 4 for at in seconds)


def test_a_second_sending_process_is_refused(tmp_path: Path) -> None:
    """R-46."""
    lock = tmp_path / "sender.lock"
    with sole(lock), pytest.raises(StateError, match="Another process is sending"), sole(lock):
        pass
    with sole(lock):
        pass


def test_a_pause_in_the_middle_stops_within_one_request_per_lane(
    database: Database, clock: SteppedClock, tmp_path: Path
) -> None:
    """R-78."""
    campaign_id, _ = frozen(database, Plan(people=people(140)), clock.now())

    def pause(_message: Message) -> Outcome:
        with database.write() as session:
            ledger.pause(session, campaign_id, "by a person")
        return Outcome(WireClass.ACCEPTED, "m")

    transport = MemoryTransport([Outcome(WireClass.ACCEPTED, "m"), pause])
    run(database, transport, clock, tmp_path)
    assert 2 <= len(transport.seen) <= 2 + 3
    with database.write() as session:
        ledger.resume(session, campaign_id)
    run(database, transport, clock, tmp_path)
    assert broken_invariants(database, journal(transport), campaign_id) == []
    assert len(journal(transport)) == 140


def test_asked_to_stop_it_lets_calls_under_way_end(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    """R-03's drain."""
    campaign_id, _ = frozen(database, Plan(people=people(70)), clock.now())
    stop, called, may_end = threading.Event(), threading.Event(), threading.Event()

    def hold(_message: Message) -> Outcome:
        called.set()
        assert may_end.wait(10)
        return Outcome(WireClass.ACCEPTED, "m")

    runner = LocalRunner(desk(database, MemoryTransport([hold] * 10), clock), 2, tmp_path / "lock")
    rests: list[Rest] = []
    thread = threading.Thread(target=lambda: rests.append(runner.run_forever(stop)))
    thread.start()
    assert called.wait(10)
    stop.set()
    may_end.set()
    thread.join(10)
    assert rests[0].why == "asked"
    found = states(database, campaign_id)
    assert set(found) == {BatchState.READY, BatchState.ACCEPTED}


def test_a_call_that_does_not_end_in_time_is_recorded_unknown(
    database: Database, clock: SteppedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-03: and should its answer still come, it counts."""
    monkeypatch.setattr(local, "DRAIN", 0.05)
    campaign_id, _ = frozen(database, Plan(people=people(7)), clock.now())
    stop, called, may_end = threading.Event(), threading.Event(), threading.Event()

    def hold(_message: Message) -> Outcome:
        called.set()
        stop.set()
        assert may_end.wait(10)
        return Outcome(WireClass.ACCEPTED, "late")

    LocalRunner(desk(database, MemoryTransport([hold]), clock), 1, tmp_path / "lock").run_forever(stop)
    assert called.is_set()
    assert states(database, campaign_id) == {BatchState.UNKNOWN: 1}
    may_end.set()
    for thread in threading.enumerate():
        if thread.name.startswith("lane-"):
            thread.join(10)
    assert states(database, campaign_id) == {BatchState.ACCEPTED: 1}


def test_a_lane_outlives_what_one_batch_meets(database: Database, clock: SteppedClock, tmp_path: Path) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(21)), clock.now())
    parts = desk(database, MemoryTransport(), clock)
    calls = iter(range(100))

    class Stumbling(type(parts.composer)):  # type: ignore[misc]  # the composer's own class
        def compose(self, *arguments: object) -> object:
            if next(calls) == 1:
                raise RuntimeError("out of luck")
            return super().compose(*arguments)

    parts.composer.__class__ = Stumbling
    runner = LocalRunner(parts, 2, tmp_path / "lock", wait=lambda seconds: clock.advance(timedelta(seconds=seconds)))
    assert runner.run_until_idle() == Rest("idle", 3)
    assert states(database, campaign_id) == {BatchState.ACCEPTED: 3}
    with database.read() as session:
        assert len(session.exec(select(Request)).all()) == 3
