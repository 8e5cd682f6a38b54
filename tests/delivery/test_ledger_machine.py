"""Every verb of the ledger in any order, on a world that knows what really happened: I1, I2 and I3 hold throughout.

The world plays the provider: for each call it decides by itself whether the mail was taken, and what of that the
sender gets to see. So an unknown batch may or may not have been accepted, as in life.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event
from sqlmodel import SQLModel, col, select

from newsletter.campaigns.models import Campaign
from newsletter.campaigns.states import CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Action, Attempt, Claim
from newsletter.delivery.models import Batch
from newsletter.delivery.states import TRANSITIONS, BatchState, WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.errors import StateError
from newsletter.kit.clock import SteppedClock
from subscribers.models import Subscription, SubscriptionState
from tests.conftest import START
from tests.delivery.world import FAST, Plan, batch_ids, broken_invariants, frozen, people

TAKEN_BUT = [WireClass.ACCEPTED, WireClass.UNKNOWN]
"""What a sender may be told about a mail that was taken; all other classes promise that it was not."""
NOT_TAKEN_AND = [wire for wire in WireClass if wire is not WireClass.ACCEPTED]


class LedgerMachine(RuleBasedStateMachine):
    """One campaign, calls under way, and the journal of what the provider took."""

    database: ClassVar[Database]
    deeds: ClassVar[list[str]] = [
        *["send"] * 6,
        *["call", "end", "tell", "give_up", "decide"] * 2,
        *["leave", "change_transport", "change_campaign", "finish"],
    ]

    @initialize(readers=st.integers(1, 9), size=st.integers(1, 5), selections=st.integers(1, 2))
    def plan(self, readers: int, size: int, selections: int) -> None:
        _wipe(self.database)
        self.clock = SteppedClock(START)
        self.campaign_id, _ = frozen(
            self.database, Plan(people=people(readers, selections=selections), batch_size=size), START
        )
        self.calls: dict[str, Claim] = {}
        self.journal: list[tuple[str, int]] = []
        self.numbers = 0
        self.steps = 0
        self.seen: dict[int, BatchState] = {}

    @rule(data=st.data())
    def do(self, data: st.DataObject) -> None:
        """One rule with weights: hypothesis would leave rules out of a run at random, and sending with them."""
        deed = data.draw(st.sampled_from(self.deeds))
        getattr(self, deed)(data)

    def send(self, data: st.DataObject) -> None:
        if (claim := self._claim(data)) is not None:
            self._end(data, claim)

    def call(self, data: st.DataObject) -> None:
        self._claim(data)

    def end(self, data: st.DataObject) -> None:
        if self.calls:
            self._end(data, self.calls[data.draw(st.sampled_from(sorted(self.calls)))])

    def _claim(self, data: st.DataObject) -> Claim | None:
        self.numbers += 1
        now = self.clock.now()
        attempt = Attempt(f"{self.numbers:032x}", "memory", "worker-1", now, now + timedelta(seconds=150))
        with self.database.read() as session:
            due = ledger.due(session, now, 10)
        batch_id = data.draw(st.sampled_from(due or batch_ids(self.database, self.campaign_id)))
        with self.database.write() as session:
            claim = ledger.claim(session, batch_id, attempt, FAST)
        if not isinstance(claim, Claim):
            return None
        self.calls[claim.attempt_id] = claim
        return claim

    def _end(self, data: st.DataObject, claim: Claim) -> None:
        del self.calls[claim.attempt_id]
        is_taken = data.draw(st.booleans())
        if is_taken:
            self.journal += [(claim.attempt_id, position) for position in claim.positions]
        if data.draw(st.integers(0, 4)) == 0:  # nobody is told: the process died, or sleeps for ever
            return
        wire = data.draw(st.sampled_from(TAKEN_BUT if is_taken else NOT_TAKEN_AND))
        named = data.draw(st.sets(st.sampled_from(claim.positions), max_size=2)) if wire is WireClass.REFUSED else ()
        with self.database.write() as session:
            ledger.record(session, claim.attempt_id, Outcome(wire, "m"), self.clock.now(), named)
            ledger.restart(session, "memory")
            ledger.resume(session, self.campaign_id)

    def tell(self, data: st.DataObject) -> None:
        if self.journal:
            attempt_id, _ = data.draw(st.sampled_from(self.journal))
            with self.database.write() as session:
                ledger.evidence(session, attempt_id, self.clock.now(), "event")

    def give_up(self, data: st.DataObject) -> None:
        deed = data.draw(st.sampled_from(["a moment", "past the deadline", "crash"]))
        self.clock.advance(timedelta(seconds=1 if deed == "a moment" else 200))
        with self.database.write() as session:
            if deed == "crash":
                self.calls.clear()
                ledger.recover(session, self.clock.now())
            else:
                ledger.expire(session, self.clock.now())

    def decide(self, data: st.DataObject) -> None:
        action = data.draw(st.sampled_from(list(Action)))
        batches = batch_ids(self.database, self.campaign_id)
        unknown = [one for one in batches if self.seen.get(one) is BatchState.UNKNOWN]
        batch_id = data.draw(st.sampled_from(unknown or batches))
        try:
            with self.database.write() as session:
                ledger.resolve(session, batch_id, action, "admin:1", "", self.clock.now())
        except StateError:
            assert self.seen.get(batch_id) is not BatchState.UNKNOWN or self._state() is CampaignState.CANCELLED

    def leave(self, data: st.DataObject) -> None:
        with self.database.write() as session:
            subscription = data.draw(st.sampled_from(session.exec(select(Subscription)).all()))
            subscription.state = SubscriptionState.ENDED
            session.add(subscription)

    def change_transport(self, data: st.DataObject) -> None:
        most = data.draw(st.integers(1, 2))
        batch_id = data.draw(st.sampled_from(batch_ids(self.database, self.campaign_id)))
        with self.database.write() as session:
            ledger.split_for_transport(session, batch_id, most, self.clock.now())

    def change_campaign(self, data: st.DataObject) -> None:
        deed = data.draw(st.sampled_from([*["pause"] * 3, *["resume"] * 8, "cancel"]))
        with self.database.write() as session:
            if deed == "pause":
                ledger.pause(session, self.campaign_id, "wait")
            elif deed == "cancel":
                ledger.cancel(session, self.campaign_id, self.clock.now())
            else:
                ledger.resume(session, self.campaign_id)

    def finish(self, _data: st.DataObject) -> None:
        with self.database.write() as session:
            if ledger.finish(session, self.campaign_id, self.clock.now()):
                assert ledger.sums(session, self.campaign_id).unsettled == 0

    @invariant()
    def promises_hold(self) -> None:
        self.steps += 1
        self._states_follow_the_table()
        if self.steps % 5 == 0:
            assert broken_invariants(self.database, self.journal, self.campaign_id) == []

    def teardown(self) -> None:
        if hasattr(self, "campaign_id"):
            assert broken_invariants(self.database, self.journal, self.campaign_id) == []

    def _state(self) -> CampaignState:
        with self.database.read() as session:
            return session.get_one(Campaign, self.campaign_id).state

    def _states_follow_the_table(self) -> None:
        """Each verb moves a batch along one arrow, or two where an answer meets a cancelled campaign."""
        with self.database.read() as session:
            now = {batch.id or 0: batch.state for batch in session.exec(select(Batch)).all()}
        reach = {state: {state} for state in BatchState}
        for _ in range(2):
            for (start, _), target in TRANSITIONS.items():
                reach[start] |= {target} | reach[target]
        assert all(state in reach[self.seen.get(id_, BatchState.READY)] for id_, state in now.items())
        self.seen = now


@pytest.fixture
def quick_database(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    """SQLite that never syncs: no power is cut here, and a thousand syncs are the larger part of the run."""
    path = tmp_path / "ledger.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    event.listen(database.engine, "connect", _forget_syncing)
    yield database
    database.dispose()


def test_no_order_of_deeds_breaks_a_promise(quick_database: Database) -> None:
    """R-79, reduced."""
    _explore(LedgerMachine, quick_database, examples=50)


class Forgetful(LedgerMachine):
    """Negative control: takes an unknown batch for a failed one, as most senders do."""

    deeds: ClassVar[list[str]] = [*LedgerMachine.deeds, "retry_what_is_unknown", "retry_what_is_unknown"]

    def retry_what_is_unknown(self, _data: st.DataObject) -> None:
        with self.database.write() as session:
            for batch in session.exec(select(Batch).where(Batch.state == BatchState.UNKNOWN)).all():
                batch.state = BatchState.READY
                session.add(batch)


def test_sending_again_without_a_decision_would_be_caught(quick_database: Database) -> None:
    with pytest.raises(AssertionError, match="I1"):
        _explore(Forgetful, quick_database, examples=300)


class Careless(LedgerMachine):
    """Negative control: loses the end of a batch, as a cursor that is moved too early does."""

    deeds: ClassVar[list[str]] = [*LedgerMachine.deeds, "skip_somebody"]

    def skip_somebody(self, _data: st.DataObject) -> None:
        with self.database.write() as session:
            batch = session.exec(select(Batch).where(col(Batch.is_leaf))).first()
            if batch is not None and batch.last_position > batch.first_position:
                batch.last_position -= 1
                session.add(batch)


def test_a_lost_reader_would_be_caught(quick_database: Database) -> None:
    with pytest.raises(AssertionError, match="I2"):
        _explore(Careless, quick_database, examples=100)


def _explore(machine: type[LedgerMachine], database: Database, *, examples: int) -> None:
    run_state_machine_as_test(
        type("Machine", (machine,), {"database": database}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            database=None,
            print_blob=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def _wipe(database: Database) -> None:
    with database.write() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):
            session.execute(table.delete())


def _forget_syncing(connection: sqlite3.Connection, _record: object) -> None:
    """No power is cut here, and a thousand syncs are the larger part of the run."""
    connection.execute("PRAGMA synchronous=OFF")
