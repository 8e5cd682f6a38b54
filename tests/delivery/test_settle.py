from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from newsletter.campaigns.models import Campaign, Exclusion
from newsletter.campaigns.states import CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.ledger.settle import REFUSALS_IN_A_ROW, is_over_budget
from newsletter.delivery.message import Message
from newsletter.delivery.models import Batch, ProviderState, Request
from newsletter.delivery.rate import MAX_BLOCK
from newsletter.delivery.runners.local import LocalRunner
from newsletter.delivery.states import BatchState, WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.delivery.transports.memory import MemoryTransport
from newsletter.errors import NotFound
from newsletter.kit.clock import SteppedClock
from tests.delivery.conftest import PROVIDER, Book
from tests.delivery.world import Plan, batch_ids, broken_invariants, desk, frozen, people, states


@pytest.fixture
def batch_id(book: Book) -> int:
    """A ready batch of five readers."""
    campaign_id, _ = frozen(book.database, Plan(people=people(5)), book.clock.now())
    return batch_ids(book.database, campaign_id)[0]


@pytest.mark.parametrize(
    ("wire", "state"),
    [
        (WireClass.ACCEPTED, BatchState.ACCEPTED),
        (WireClass.NOT_SENT, BatchState.READY),
        (WireClass.THROTTLED, BatchState.READY),
        (WireClass.REFUSED, BatchState.REFUSED),
        (WireClass.REFUSED_ACCOUNT, BatchState.READY),
        (WireClass.REFUSED_OURS, BatchState.READY),
        (WireClass.REFUSED_CONFIGURATION, BatchState.READY),
        (WireClass.UNKNOWN, BatchState.UNKNOWN),
    ],
)
def test_each_answer_leads_where_the_table_says(book: Book, batch_id: int, wire: WireClass, state: BatchState) -> None:
    claim = book.claimed(batch_id)
    assert book.record(claim.attempt_id, wire).state is state
    assert book.batch(batch_id).state is state
    request = book.request(claim.attempt_id)
    assert (request.outcome, request.call_over_at) == (wire, book.clock.now())


def test_what_was_not_sent_waits_a_growing_time(book: Book, batch_id: int) -> None:
    waits = []
    for _ in range(5):
        claim = book.claimed(batch_id)
        book.record(claim.attempt_id, WireClass.NOT_SENT)
        waits.append(book.batch(batch_id).not_before - book.clock.now())
        book.clock.advance(waits[-1])
    assert waits == sorted(waits)
    assert timedelta(0) < waits[0] <= timedelta(seconds=1)
    assert waits[-1] > timedelta(seconds=4)


def test_throttling_blocks_everybody_and_counts_no_attempt(book: Book, batch_id: int) -> None:
    claim = book.claimed(batch_id)
    until = book.clock.now() + timedelta(minutes=2)
    book.record(claim.attempt_id, Outcome(WireClass.THROTTLED, status=429, retry_at=until))
    assert book.batch(batch_id).attempt_count == 0
    with book.database.read() as session:
        blocked = session.get_one(ProviderState, PROVIDER).blocked_until
    assert blocked is not None
    assert until <= blocked <= until + timedelta(seconds=1)  # with jitter
    book.clock.advance(timedelta(seconds=119))
    assert not isinstance(book.claim(batch_id), ledger.Claim)
    book.clock.advance(timedelta(seconds=2))
    book.claimed(batch_id)


def test_no_provider_silences_us_for_long_and_a_shorter_wish_shortens_nothing(book: Book, batch_id: int) -> None:
    now = book.clock.now()
    for hours in (1000, 0):
        book.clock.advance(MAX_BLOCK * 2 if hours == 0 else timedelta())
        book.record(
            book.claimed(batch_id).attempt_id,
            Outcome(WireClass.THROTTLED, retry_at=book.clock.now() + timedelta(hours=hours)),
        )
        with book.database.read() as session:
            blocked = session.get_one(ProviderState, PROVIDER).blocked_until
        assert blocked is not None
        assert blocked <= book.clock.now() + MAX_BLOCK + timedelta(seconds=1)
    assert blocked is not None
    assert blocked > now


@pytest.mark.parametrize("wire", [WireClass.REFUSED_ACCOUNT, WireClass.REFUSED_CONFIGURATION])
def test_a_refusal_of_the_account_stops_all_sending_once(book: Book, wire: WireClass) -> None:
    """R-36: one alert, whatever the number of lanes."""
    campaign_id, _ = frozen(book.database, Plan(people=people(14)), book.clock.now())
    first, second = (book.claimed(one) for one in batch_ids(book.database, campaign_id))
    assert book.record(first.attempt_id, wire).stopped is not None
    assert book.record(second.attempt_id, wire).stopped is None
    with book.database.read() as session:
        assert session.get_one(ProviderState, PROVIDER).stopped_reason == f"{wire}: said so"
    assert states(book.database, campaign_id) == {BatchState.READY: 2}


def test_a_refusal_of_our_own_request_pauses_its_campaign_alone(book: Book, batch_id: int) -> None:
    claim = book.claimed(batch_id)
    assert book.record(claim.attempt_id, WireClass.REFUSED_OURS).paused == "refused-ours: said so"
    with book.database.read() as session:
        campaign = session.get_one(Campaign, claim.campaign_id)
        assert (campaign.state, campaign.pause_reason) == (CampaignState.PAUSED, "refused-ours: said so")
        assert session.get_one(ProviderState, PROVIDER).stopped_at is None


def test_a_named_reader_is_excluded_and_the_others_are_sent(book: Book, batch_id: int) -> None:
    claim = book.claimed(batch_id)
    assert book.record(claim.attempt_id, WireClass.REFUSED, named=[3]).state is BatchState.READY
    with book.database.read() as session:
        (row,) = session.exec(select(Exclusion)).all()
        assert (row.position, row.reason, row.detail) == (3, "refused-by-provider", "said so")
    assert book.claimed(batch_id).positions == (1, 2, 4, 5)


def test_a_refusal_naming_nobody_splits_into_halves_that_are_called_next(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(12), batch_size=5), book.clock.now())
    first, *others = batch_ids(book.database, campaign_id)
    claim = book.claimed(first)
    assert book.record(claim.attempt_id, WireClass.REFUSED).state is BatchState.REFUSED
    assert not book.batch(first).is_leaf
    halves = book.children(first)
    assert [(half.first_position, half.last_position) for half in halves] == [(1, 2), (3, 5)]
    with book.database.read() as session:
        assert ledger.due(session, book.clock.now(), 10) == [*(half.id for half in halves), *others]
        assert ledger.sums(session, campaign_id).closes


@pytest.mark.parametrize("named", [[], [1]])
def test_a_single_reader_who_is_refused_is_excluded_and_settled(book: Book, named: list[int]) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(1)), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    claim = book.claimed(batch_id)
    assert book.record(claim.attempt_id, WireClass.REFUSED, named=named).state is BatchState.REFUSED
    with book.database.write() as session:
        sums = ledger.sums(session, campaign_id)
        assert sums.closes
        assert (sums.send_exclusions, sums.unsettled) == ({"refused-by-provider": 1}, 0)
        assert ledger.finish(session, campaign_id, book.clock.now())


def test_a_zombie_attempt_writes_nothing_but_its_own_request(book: Book, batch_id: int) -> None:
    """The fence: it slept through its deadline, a person had the batch sent again, and then it woke up."""
    zombie = book.claimed(batch_id)
    book.clock.advance(timedelta(minutes=10))
    with book.database.write() as session:
        assert ledger.expire(session, book.clock.now()) == 1
        ledger.resolve(session, batch_id, ledger.Action.RESEND, "admin:1", "", book.clock.now())
    second = book.claimed(batch_id)
    for wire in (WireClass.NOT_SENT, WireClass.ACCEPTED, WireClass.REFUSED_ACCOUNT):
        assert book.record(zombie.attempt_id, wire).is_fenced
    batch = book.batch(batch_id)
    assert (batch.state, batch.attempt_id, batch.message_id) == (BatchState.CALLING, second.attempt_id, None)
    assert book.request(zombie.attempt_id).outcome is WireClass.NOT_SENT  # what it said first
    with book.database.read() as session:
        assert session.get_one(ProviderState, PROVIDER).stopped_at is None
    assert not book.record(second.attempt_id, WireClass.ACCEPTED).is_fenced


@pytest.mark.parametrize("wire", list(WireClass))
def test_an_attempt_is_answered_once(book: Book, batch_id: int, wire: WireClass) -> None:
    claim = book.claimed(batch_id)
    book.record(claim.attempt_id, WireClass.UNKNOWN)
    assert book.record(claim.attempt_id, wire).is_fenced
    assert book.batch(batch_id).state is BatchState.UNKNOWN


def test_an_answer_to_an_attempt_nobody_stored_is_an_error(book: Book) -> None:
    with pytest.raises(NotFound, match="never stored"):
        book.record("f" * 32, WireClass.ACCEPTED)


def test_a_late_202_of_the_latest_attempt_still_counts(book: Book, batch_id: int) -> None:
    claim = book.claimed(batch_id)
    book.clock.advance(timedelta(minutes=10))
    with book.database.write() as session:
        ledger.expire(session, book.clock.now())
    assert book.record(claim.attempt_id, WireClass.ACCEPTED).state is BatchState.ACCEPTED
    assert book.batch(batch_id).message_id == "m"


@pytest.mark.parametrize("wire", [one for one in WireClass if one is not WireClass.ACCEPTED])
def test_no_other_late_answer_moves_an_unknown_batch(book: Book, batch_id: int, wire: WireClass) -> None:
    claim = book.claimed(batch_id)
    book.clock.advance(timedelta(minutes=10))
    with book.database.write() as session:
        ledger.expire(session, book.clock.now())
    assert book.record(claim.attempt_id, wire).is_fenced
    assert book.batch(batch_id).state is BatchState.UNKNOWN


def test_what_comes_back_to_a_cancelled_campaign_is_cancelled(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(10), batch_size=5), book.clock.now())
    first, second = (book.claimed(one) for one in batch_ids(book.database, campaign_id))
    with book.database.write() as session:
        ledger.cancel(session, campaign_id, book.clock.now())
    book.record(first.attempt_id, WireClass.NOT_SENT)
    book.record(second.attempt_id, WireClass.REFUSED)
    assert states(book.database, campaign_id) == {BatchState.CANCELLED: 3}


class Picky(MemoryTransport):
    """Refuses a request that holds one of the bad readers, naming nobody, as a 413 or a vague 400 does."""

    def __init__(self, bad: set[int]) -> None:
        super().__init__()
        self.bad = bad

    def submit(self, message: Message) -> Outcome:
        if self.bad & {one.position for one in message.recipients}:
            self.seen.append(message)
            return Outcome(WireClass.REFUSED, status=400, detail="Bad Request")
        return super().submit(message)


@pytest.mark.parametrize(("bad", "most"), [({417}, 21), (set(range(50, 1000, 100)), 200)])
def test_bad_readers_are_found_by_halving(
    database: Database, clock: SteppedClock, tmp_path: Path, bad: set[int], most: int
) -> None:
    """R-70: one bad of 1,000 costs at most 21 more requests, ten at most 200; everybody else gets the mail."""
    campaign_id, _ = frozen(database, Plan(people=people(1000), batch_size=1000), clock.now())
    transport = Picky(bad)
    _run(database, transport, clock, tmp_path)
    assert len(transport.seen) - 1 <= most
    accepted = [(one.attempt_id, person.position) for one in transport.accepted for person in one.recipients]
    assert {position for _, position in accepted} == set(range(1, 1001)) - bad
    assert broken_invariants(database, accepted, campaign_id) == []
    with database.read() as session:
        assert session.get_one(Campaign, campaign_id).state is CampaignState.FINISHED


def test_a_thousand_bad_readers_stop_at_the_error_budget(
    database: Database, clock: SteppedClock, tmp_path: Path
) -> None:
    """R-70: content that nobody may have is not tried on everybody."""
    campaign_id, _ = frozen(database, Plan(people=people(1000), batch_size=250), clock.now())
    transport = Picky(set(range(1, 1001)))
    _run(database, transport, clock, tmp_path)
    assert len(transport.seen) == REFUSALS_IN_A_ROW
    with database.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
        assert campaign.state is CampaignState.PAUSED
        assert "in a row" in (campaign.pause_reason or "")
        assert ledger.sums(session, campaign_id).closes


def test_refused_readers_over_the_budget_pause_the_campaign(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(40), batch_size=40), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    assert book.record(book.claimed(batch_id).attempt_id, WireClass.REFUSED, named=range(1, 11)).paused is None
    paused = book.record(book.claimed(batch_id).attempt_id, WireClass.REFUSED, named=[11]).paused
    assert paused == "error budget: 11 of 40 readers were refused by the provider"


@pytest.mark.parametrize(
    ("refused", "readers", "over"),
    [(1, 1, False), (10, 12, False), (11, 100, True), (50, 1000, False), (51, 1000, True), (500, 1_000_000, True)],
)
def test_the_budget_is_five_in_a_hundred_or_five_hundred(refused: int, readers: int, over: bool) -> None:
    assert is_over_budget(refused, readers) is over


def test_a_batch_too_large_for_a_new_transport_is_split_before_its_call(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(5)), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    with book.database.write() as session:
        assert ledger.split_for_transport(session, batch_id, 2, book.clock.now())
        assert not ledger.split_for_transport(session, batch_id, 2, book.clock.now())
    with book.database.read() as session:
        leaves = session.exec(select(Batch).where(col(Batch.is_leaf))).all()
        assert [(one.first_position, one.last_position) for one in leaves] == [(1, 2), (3, 4), (5, 5)]
        assert ledger.sums(session, campaign_id).closes
        assert session.exec(select(Request)).all() == []


def _run(database: Database, transport: MemoryTransport, clock: SteppedClock, tmp_path: Path) -> None:
    runner = LocalRunner(
        desk(database, transport, clock),
        1,
        tmp_path / "lock",
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
    )
    runner.run_until_idle()
