from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from newsletter.campaigns.models import Exclusion
from newsletter.campaigns.states import ExclusionStage
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Claim, NotNow, Obstacle
from newsletter.delivery.models import Delivery, ProviderState, Request
from newsletter.delivery.rate import Rate
from newsletter.delivery.states import BatchState, WireClass
from subscribers.models import Subscriber, Subscription, SubscriptionState, Suppression, SuppressionReason
from tests.delivery.conftest import PROVIDER, Book
from tests.delivery.world import Person, Plan, batch_ids, frozen, people, states


def test_a_claim_stores_the_intent_before_anybody_calls(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(5)), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    claim = book.claimed(batch_id)
    assert claim.positions == (1, 2, 3, 4, 5)
    batch = book.batch(batch_id)
    assert (batch.state, batch.attempt_id, batch.attempt_count) == (BatchState.CALLING, claim.attempt_id, 1)
    assert batch.deadline_at == book.clock.now() + timedelta(seconds=150)
    request = book.request(claim.attempt_id)
    assert (request.batch_id, request.provider, request.outcome) == (batch_id, PROVIDER, None)


def test_of_two_claims_at_once_one_finds_nothing_ready(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(30), batch_size=2), book.clock.now())
    batches = batch_ids(book.database, campaign_id)
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(book.claim, [one for one in batches for _ in range(4)]))
    assert sum(isinstance(claim, Claim) for claim in claims) == len(batches)
    assert {claim.why for claim in claims if isinstance(claim, NotNow)} == {Obstacle.TAKEN}
    with book.database.read() as session:
        assert len(session.exec(select(Request)).all()) == len(batches)


def test_nothing_is_due_before_its_time(book: Book) -> None:
    plan = Plan(people=[Person(), Person(hour=8)], later={8: timedelta(hours=2)})
    campaign_id, _ = frozen(book.database, plan, book.clock.now())
    now_, later = batch_ids(book.database, campaign_id)
    with book.database.read() as session:
        assert ledger.due(session, book.clock.now(), 10) == [now_]
        assert ledger.due(session, book.clock.now(), 10, campaign_id + 1) == []
        assert ledger.next_due(session) == book.clock.now()
    assert book.claim(later) == NotNow(Obstacle.EARLY, book.clock.now() + timedelta(hours=2))
    book.clock.advance(timedelta(hours=2))
    book.claimed(later)


@pytest.mark.parametrize("verb", [ledger.pause, ledger.cancel])
def test_a_campaign_that_is_not_sending_is_not_called(book: Book, verb: object) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(10)), book.clock.now())
    first, second = batch_ids(book.database, campaign_id)
    under_way = book.claimed(first)
    with book.database.write() as session:
        if verb is ledger.pause:
            assert ledger.pause(session, campaign_id, "wait")
            assert not ledger.pause(session, campaign_id, "wait once more")
        else:
            ledger.cancel(session, campaign_id, book.clock.now())
    found = book.claim(second)
    assert isinstance(found, NotNow)
    assert found.why in {Obstacle.CAMPAIGN, Obstacle.TAKEN}
    with book.database.read() as session:
        assert ledger.due(session, book.clock.now(), 10) == []
    assert book.record(under_way.attempt_id, WireClass.ACCEPTED).state is BatchState.ACCEPTED


def test_a_resumed_campaign_goes_on(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(3)), book.clock.now())
    with book.database.write() as session:
        ledger.pause(session, campaign_id, "wait")
        assert ledger.resume(session, campaign_id)
        assert not ledger.resume(session, campaign_id)
    book.claimed(batch_ids(book.database, campaign_id)[0])


def test_the_gate_keeps_back_who_left_since_the_freeze(book: Book) -> None:
    """I4, one reader per reason."""
    campaign_id, _ = frozen(book.database, Plan(people=people(7)), book.clock.now())
    now = book.clock.now()
    with book.database.write() as session:
        persons = [session.get_one(Subscriber, one.subscriber_id) for one in session.exec(select(Delivery)).all()]
        subscriptions = {one.subscriber_id: one for one in session.exec(select(Subscription)).all()}
        subscriptions[persons[0].id or 0].state = SubscriptionState.ENDED
        persons[1].email = persons[1].email_key = None
        key = persons[2].email_key or ""
        session.add(Suppression(email_key=key, scope="*", reason=SuppressionReason.SPAM_REPORT, at=now))
        subscriptions[persons[3].id or 0].paused_until = now + timedelta(days=3)
        subscriptions[persons[4].id or 0].paused_until = now - timedelta(days=3)
        session.add_all([*persons, *subscriptions.values()])
    claim = book.claimed(batch_ids(book.database, campaign_id)[0])
    assert claim.positions == (5, 6, 7)
    with book.database.read() as session:
        rows = session.exec(select(Exclusion).where(Exclusion.stage == ExclusionStage.SEND)).all()
        assert {(one.position, one.reason) for one in rows} == {
            (1, "unsubscribed"),
            (2, "erased"),
            (3, "suppressed"),
            (4, "paused"),
        }
    book.record(claim.attempt_id, WireClass.ACCEPTED)
    with book.database.read() as session:
        sums = ledger.sums(session, campaign_id)
    assert sums.closes
    assert sums.deliveries_by_state == {BatchState.ACCEPTED: 3}
    assert sums.excluded_at_send == 4


def test_who_is_kept_back_once_stays_kept_back(book: Book) -> None:
    """Exclusions are append-only: signing up again does not bring this mail."""
    campaign_id, _ = frozen(book.database, Plan(people=people(3)), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    _set_state(book, SubscriptionState.ENDED, only_first=True)
    claim = book.claimed(batch_id)
    book.record(claim.attempt_id, WireClass.REFUSED_OURS)
    with book.database.write() as session:
        ledger.resume(session, campaign_id)
    _set_state(book, SubscriptionState.ACTIVE, only_first=True)
    assert book.claimed(batch_id).positions == (2, 3)


def test_a_batch_the_gate_leaves_empty_is_cancelled(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(4)), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    _set_state(book, SubscriptionState.ENDED)
    assert book.claim(batch_id) == NotNow(Obstacle.NOBODY_LEFT)
    assert states(book.database, campaign_id) == {BatchState.CANCELLED: 1}
    with book.database.write() as session:
        assert session.exec(select(Request)).all() == []
        assert ledger.finish(session, campaign_id, book.clock.now())


def test_a_reader_who_could_not_be_rendered_is_excluded_alone(book: Book) -> None:
    """R-71."""
    campaign_id, _ = frozen(book.database, Plan(people=people(3)), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    claim = book.claim(batch_id, failed={2: "name: too long", 99: "not in this batch"})
    assert isinstance(claim, Claim)
    assert claim.positions == (1, 3)
    with book.database.read() as session:
        (row,) = session.exec(select(Exclusion)).all()
        assert (row.reason, row.position, row.detail) == ("render-failed", 2, "name: too long")


def test_the_rate_is_taken_last_and_a_full_one_leaves_no_trace(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(21)), book.clock.now())
    first, second, third = batch_ids(book.database, campaign_id)
    slow = Rate(per_second=1, burst=1)
    assert isinstance(book.claim(first, rate=slow), Claim)
    wait = book.clock.now() + timedelta(seconds=1)
    assert book.claim(second, rate=slow) == NotNow(Obstacle.RATE, wait)
    batch = book.batch(second)
    assert (batch.state, batch.attempt_id, batch.attempt_count) == (BatchState.READY, None, 0)
    book.clock.advance(timedelta(seconds=1))
    assert isinstance(book.claim(second, rate=slow), Claim)
    assert isinstance(book.claim(third, rate=slow), NotNow)


def test_of_many_who_take_the_last_slot_one_gets_it(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(16), batch_size=2), book.clock.now())
    slow = Rate(per_second=0.01, burst=2)
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda one: book.claim(one, rate=slow), batch_ids(book.database, campaign_id)))
    assert sum(isinstance(claim, Claim) for claim in claims) == 2
    assert states(book.database, campaign_id) == {BatchState.CALLING: 2, BatchState.READY: 6}


def test_a_stopped_or_blocked_provider_is_not_called(book: Book) -> None:
    campaign_id, _ = frozen(book.database, Plan(people=people(3)), book.clock.now())
    (batch_id,) = batch_ids(book.database, campaign_id)
    until = book.clock.now() + timedelta(minutes=5)
    with book.database.write() as session:
        session.add(ProviderState(key=PROVIDER, blocked_until=until))
    assert book.claim(batch_id) == NotNow(Obstacle.RATE, until)
    with book.database.write() as session:
        assert ledger.stop(session, PROVIDER, "key revoked", book.clock.now())
        assert not ledger.stop(session, PROVIDER, "key revoked", book.clock.now())
    assert book.claim(batch_id) == NotNow(Obstacle.STOPPED)
    with book.database.write() as session:
        assert ledger.restart(session, PROVIDER)
        assert not ledger.restart(session, PROVIDER)
    book.claimed(batch_id)


def _set_state(book: Book, state: SubscriptionState, *, only_first: bool = False) -> None:
    with book.database.write() as session:
        for subscription in session.exec(select(Subscription).order_by(Subscription.id)).all():  # type: ignore[arg-type]  # a column
            subscription.state = state
            session.add(subscription)
            if only_first:
                return
