from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Action
from newsletter.delivery.models import Batch, Decision
from newsletter.delivery.states import BatchState, WireClass
from newsletter.errors import NotFound, StateError
from tests.delivery.conftest import Book
from tests.delivery.world import Plan, batch_ids, frozen, people, states


@pytest.fixture
def campaign_id(book: Book) -> int:
    """Fourteen readers in two batches."""
    return frozen(book.database, Plan(people=people(14)), book.clock.now())[0]


def an_unknown(book: Book, campaign_id: int, number: int = 0) -> tuple[int, str]:
    """A batch whose answer nobody knows, and its attempt."""
    batch_id = batch_ids(book.database, campaign_id)[number]
    claim = book.claimed(batch_id)
    book.record(claim.attempt_id, WireClass.UNKNOWN)
    return batch_id, claim.attempt_id


def prove(database: Database, book: Book, attempt_id: str) -> bool:
    with database.write() as session:
        return ledger.evidence(session, attempt_id, book.clock.now(), "event-1")


def test_an_event_settles_the_whole_batch_and_repeats_change_nothing(book: Book, campaign_id: int) -> None:
    """R-21: one event of one person is proof for all, however late, however often; other batches are not touched."""
    batch_id, attempt_id = an_unknown(book, campaign_id)
    other, _ = an_unknown(book, campaign_id, 1)
    book.clock.advance(timedelta(hours=23))
    assert prove(book.database, book, attempt_id)
    assert not prove(book.database, book, attempt_id)
    assert book.batch(batch_id).state is BatchState.ACCEPTED
    assert book.request(attempt_id).evidence == "event-1"
    assert book.batch(other).state is BatchState.UNKNOWN


def test_an_event_of_an_unknown_attempt_says_nothing(book: Book, campaign_id: int) -> None:
    assert not prove(book.database, book, "no such attempt")


def test_evidence_beats_a_re_send_that_was_decided_but_not_called(book: Book, campaign_id: int) -> None:
    """R-21."""
    batch_id, attempt_id = an_unknown(book, campaign_id)
    resolve(book, batch_id, Action.RESEND)
    assert book.batch(batch_id).state is BatchState.READY
    assert prove(book.database, book, attempt_id)
    assert book.batch(batch_id).state is BatchState.ACCEPTED


def test_evidence_after_a_decision_to_leave_it_still_counts(book: Book, campaign_id: int) -> None:
    batch_id, attempt_id = an_unknown(book, campaign_id)
    resolve(book, batch_id, Action.LEAVE)
    assert book.batch(batch_id).state is BatchState.CANCELLED
    assert prove(book.database, book, attempt_id)
    assert book.batch(batch_id).state is BatchState.ACCEPTED


@pytest.mark.parametrize("wire", list(WireClass))
def test_evidence_during_a_call_counts_once_that_call_ends(book: Book, campaign_id: int, wire: WireClass) -> None:
    """The first attempt was taken after all, while the second is under way: no third copy, whatever the second says."""
    batch_id, first = an_unknown(book, campaign_id)
    resolve(book, batch_id, Action.RESEND)
    second = book.claimed(batch_id)
    assert not prove(book.database, book, first)
    assert book.batch(batch_id).state is BatchState.CALLING
    assert book.record(second.attempt_id, wire).state is BatchState.ACCEPTED


@pytest.mark.parametrize("verb", [ledger.recover, ledger.expire])
def test_evidence_during_a_call_counts_when_its_process_is_gone(book: Book, campaign_id: int, verb: object) -> None:
    batch_id = batch_ids(book.database, campaign_id)[0]
    claim = book.claimed(batch_id)
    prove(book.database, book, claim.attempt_id)
    book.clock.advance(timedelta(hours=1))
    with book.database.write() as session:
        assert verb(session, book.clock.now()) == 1  # type: ignore[operator]  # one of two functions
    assert book.batch(batch_id).state is BatchState.ACCEPTED


def test_evidence_for_a_batch_that_was_split_settles_its_parts(book: Book, campaign_id: int) -> None:
    batch_id, first = an_unknown(book, campaign_id)
    resolve(book, batch_id, Action.RESEND)
    book.record(book.claimed(batch_id).attempt_id, WireClass.REFUSED)
    left, right = book.children(batch_id)
    assert left.id is not None
    assert right.id is not None
    under_way = book.claimed(left.id)
    assert prove(book.database, book, first)
    assert book.batch(right.id).state is BatchState.ACCEPTED
    assert book.record(under_way.attempt_id, WireClass.NOT_SENT).state is BatchState.ACCEPTED


def test_a_call_past_its_deadline_is_unknown_and_never_ready(book: Book, campaign_id: int) -> None:
    first, second = batch_ids(book.database, campaign_id)
    claim = book.claimed(first)
    book.clock.advance(timedelta(seconds=100))
    book.claimed(second)
    book.clock.advance(timedelta(seconds=51))
    with book.database.write() as session:
        assert ledger.expire(session, book.clock.now()) == 1
        assert ledger.expire(session, book.clock.now()) == 0
    assert book.batch(first).state is BatchState.UNKNOWN
    assert book.batch(second).state is BatchState.CALLING
    assert book.request(claim.attempt_id).call_over_at is None  # nobody proved that
    book.clock.advance(timedelta(days=400))
    with book.database.write() as session:
        ledger.expire(session, book.clock.now())
        assert ledger.due(session, book.clock.now(), 10) == []


def test_recovering_twice_is_recovering_once(book: Book, campaign_id: int) -> None:
    """I9, R-06."""
    claims = [book.claimed(one) for one in batch_ids(book.database, campaign_id)]
    with book.database.write() as session:
        assert ledger.recover(session, book.clock.now()) == 2
    before = [book.request(claim.attempt_id) for claim in claims]
    book.clock.advance(timedelta(minutes=1))
    with book.database.write() as session:
        assert ledger.recover(session, book.clock.now()) == 0
    assert [book.request(claim.attempt_id) for claim in claims] == before
    assert {one.call_over_at for one in before} == {before[0].called_at}
    assert states(book.database, campaign_id) == {BatchState.UNKNOWN: 2}


def test_a_worker_that_stops_abandons_its_own_calls(book: Book, campaign_id: int) -> None:
    claim = book.claimed(batch_ids(book.database, campaign_id)[0])
    with book.database.write() as session:
        assert ledger.abandon(session, "another worker", book.clock.now()) == 0
        assert ledger.abandon(session, "worker-1", book.clock.now()) == 1
    assert book.record(claim.attempt_id, WireClass.ACCEPTED).state is BatchState.ACCEPTED


def test_a_decision_is_recorded_and_carried_out_once(book: Book, campaign_id: int) -> None:
    """R-24: two clicks, tabs or people are one decision and one attempt."""
    batch_id, _ = an_unknown(book, campaign_id)

    def click(person: int) -> bool:
        try:
            resolve(book, batch_id, Action.RESEND, f"admin:{person}")
        except StateError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(click, range(8))) == 1
    with book.database.read() as session:
        (decision,) = session.exec(select(Decision)).all()
        assert (decision.batch_id, decision.action, decision.at) == (batch_id, "resend", book.clock.now())
    book.claimed(batch_id)
    assert not isinstance(book.claim(batch_id), ledger.Claim)


def test_there_is_nothing_to_decide_about_a_known_answer(book: Book, campaign_id: int) -> None:
    batch_id = batch_ids(book.database, campaign_id)[0]
    with pytest.raises(StateError, match="ready, not unknown"):
        resolve(book, batch_id, Action.RESEND)
    with pytest.raises(NotFound):
        resolve(book, 9999, Action.LEAVE)
    with book.database.read() as session:
        assert session.exec(select(Decision)).all() == []


def test_a_cancelled_campaigns_unknown_can_only_be_left(book: Book, campaign_id: int) -> None:
    batch_id, _ = an_unknown(book, campaign_id)
    with book.database.write() as session:
        assert ledger.cancel(session, campaign_id, book.clock.now()) == 1
    with pytest.raises(StateError, match="only be left"):
        resolve(book, batch_id, Action.RESEND)
    resolve(book, batch_id, Action.LEAVE)
    assert states(book.database, campaign_id) == {BatchState.CANCELLED: 2}


def test_an_unknown_batch_keeps_its_campaign_from_finishing_and_is_shown(book: Book, campaign_id: int) -> None:
    batch_id, attempt_id = an_unknown(book, campaign_id)
    book.record(book.claimed(batch_ids(book.database, campaign_id)[1]).attempt_id, WireClass.ACCEPTED)
    with book.database.write() as session:
        assert not ledger.finish(session, campaign_id, book.clock.now())
        assert ledger.settled_campaigns(session) == []
        (shown,) = ledger.sums(session, campaign_id).unknown_batches
    assert (shown.id, shown.readers, shown.reason, shown.called_at) == (batch_id, 7, "said so", book.clock.now())
    prove(book.database, book, attempt_id)
    with book.database.write() as session:
        assert ledger.settled_campaigns(session) == [campaign_id]
        assert ledger.finish(session, campaign_id, book.clock.now())
        assert not ledger.finish(session, campaign_id, book.clock.now())


def test_a_campaign_whose_sums_do_not_close_is_not_finished(book: Book, campaign_id: int) -> None:
    """Negative control: a batch that forgets a reader is caught."""
    for batch_id in batch_ids(book.database, campaign_id):
        book.record(book.claimed(batch_id).attempt_id, WireClass.ACCEPTED)
    with book.database.write() as session:
        batch = session.get_one(Batch, batch_ids(book.database, campaign_id)[0])
        batch.last_position -= 1
    with pytest.raises(StateError, match="do not close"), book.database.write() as session:
        ledger.finish(session, campaign_id, book.clock.now())
    with book.database.read() as session:
        assert ledger.settled_campaigns(session) == [campaign_id]


def resolve(book: Book, batch_id: int, action: Action, actor: str = "admin:1") -> None:
    with book.database.write() as session:
        ledger.resolve(session, batch_id, action, actor, "looked at the logs", book.clock.now())
