from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, text
from sqlmodel import select

from newsletter.campaigns.models import Campaign, Choice, Exclusion
from newsletter.campaigns.states import CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.models import Batch, Delivery
from newsletter.errors import StateError
from newsletter.kit.clock import SteppedClock
from subscribers.models import Cadence, MailingList, SubscriptionState, Suppression, SuppressionReason
from tests.delivery.world import Person, Plan, frozen, people, planned


def test_candidates_are_deliveries_plus_exclusions_by_reason(database: Database, clock: SteppedClock) -> None:
    """I2, with one of each reason."""
    readers = [
        *people(5),
        Person(selection=1),
        Person(selection=1),
        Person(state=SubscriptionState.PENDING),
        Person(cadence=Cadence.WEEKLY),
        Person(email="dave@example.com"),
        Person(state=SubscriptionState.ENDED),
    ]
    with database.write() as session:
        session.add(
            Suppression(email_key="dave@example.com", scope="*", reason=SuppressionReason.HARD_BOUNCE, at=clock.now())
        )
    campaign_id, found = frozen(database, Plan(people=readers, nothing_matched=frozenset({1})), clock.now())
    assert found.candidates == 10  # whoever has left is no candidate
    assert found.deliveries == 5
    assert found.excluded == {"nothing-matched": 2, "unconfirmed": 1, "cadence": 1, "suppressed": 1}
    with database.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
        assert (campaign.state, campaign.candidate_count) == (CampaignState.SENDING, 10)
        assert campaign.frozen_at == clock.now()
        assert ledger.sums(session, campaign_id).closes
        positions = session.exec(select(Delivery.position).order_by(Delivery.position)).all()  # type: ignore[arg-type]  # a column
        assert positions == [1, 2, 3, 4, 5]


def test_a_batch_holds_neighbours_of_one_variant_and_one_sending_time(database: Database, clock: SteppedClock) -> None:
    readers = [Person(selection=n % 3, hour=8 if n % 2 else None) for n in range(60)]
    later = {8: timedelta(hours=3)}
    campaign_id, found = frozen(database, Plan(people=readers, batch_size=4, later=later), clock.now())
    assert found.batches == 6 * 3  # six groups of ten readers, three batches each
    with database.read() as session:
        for batch in session.exec(select(Batch)):
            held = session.exec(
                select(Delivery).where(
                    Delivery.campaign_id == campaign_id,
                    Delivery.position >= batch.first_position,
                    Delivery.position <= batch.last_position,
                )
            ).all()
            assert {one.variant_id for one in held} == {batch.variant_id}
            assert len(held) == batch.last_position - batch.first_position + 1 <= 4
        moments = session.exec(select(Batch.not_before).order_by(Batch.first_position)).all()  # type: ignore[arg-type]  # a column
        assert moments == sorted(moments)
        assert set(moments) == {clock.now(), clock.now() + timedelta(hours=3)}


def test_a_transport_with_a_smaller_limit_gets_smaller_batches(database: Database, clock: SteppedClock) -> None:
    with database.write() as session:
        campaign = planned(session, Plan(people=people(10), batch_size=250), clock.now())
        mailing_list = session.get_one(MailingList, campaign.list_id)
        found = ledger.freeze(session, campaign, mailing_list, [Cadence.EACH], clock.now(), max_recipients=1)
    assert found.batches == 10


def test_a_campaign_can_not_be_frozen_twice(database: Database, clock: SteppedClock) -> None:
    campaign_id, _ = frozen(database, Plan(people=people(3)), clock.now())
    with database.write() as session:
        campaign = session.get_one(Campaign, campaign_id)
        mailing_list = session.get_one(MailingList, campaign.list_id)
        for state in (CampaignState.SENDING, CampaignState.PAUSED, CampaignState.FREEZING):
            campaign.state = state
            with pytest.raises(StateError):
                ledger.freeze(session, campaign, mailing_list, [Cadence.EACH], clock.now())
        campaign.state = CampaignState.SENDING
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(Delivery)).one() == 3


@pytest.mark.parametrize("gone", ["plan_choice", "plan_wave"])
def test_a_reader_without_an_answer_stops_the_freeze_and_nothing_is_kept(
    database: Database, clock: SteppedClock, gone: str
) -> None:
    """Negative control for the answers: deleting one must not lose its readers in silence."""
    with database.write() as session:
        campaign = planned(session, Plan(people=people(6, selections=2)), clock.now())
        mailing_list = session.get_one(MailingList, campaign.list_id)
        session.execute(text(f"DELETE FROM {gone}"))  # noqa: S608 -- one of two constants
        with pytest.raises(StateError, match="6 readers"):
            ledger.freeze(session, campaign, mailing_list, [Cadence.EACH], clock.now())
        assert campaign.frozen_at is None
    with database.read() as session:
        for table in (Delivery, Batch, Exclusion):
            assert session.exec(select(func.count()).select_from(table)).one() == 0


def test_freezing_again_after_a_failure_works_on_the_same_connection(database: Database, clock: SteppedClock) -> None:
    with database.write() as session:
        campaign = planned(session, Plan(people=people(4)), clock.now())
        mailing_list = session.get_one(MailingList, campaign.list_id)
        choice = session.exec(select(Choice)).one()
        variant, choice.variant_id = choice.variant_id, None
        session.flush()
        with pytest.raises(StateError):
            ledger.freeze(session, campaign, mailing_list, [Cadence.EACH], clock.now())
        choice.variant_id = variant
        session.flush()
        assert ledger.freeze(session, campaign, mailing_list, [Cadence.EACH], clock.now()).deliveries == 4


def test_nobody_to_send_to_is_a_campaign_that_finishes(database: Database, clock: SteppedClock) -> None:
    readers = [Person(state=SubscriptionState.PENDING)]
    campaign_id, found = frozen(database, Plan(people=readers), clock.now())
    assert (found.candidates, found.deliveries, found.batches) == (1, 0, 0)
    with database.write() as session:
        assert ledger.finish(session, campaign_id, clock.now())


def test_the_same_person_on_two_lists_has_one_delivery_per_campaign(database: Database, clock: SteppedClock) -> None:
    first, _ = frozen(database, Plan(people=people(3)), clock.now())
    second, _ = frozen(database, Plan(people=people(3), occurrence="2026-9#2"), clock.now())
    with database.read() as session:
        rows = session.exec(select(Delivery.campaign_id, Delivery.subscriber_id)).all()
    assert len(set(rows)) == len(rows) == 6
    assert {campaign for campaign, _ in rows} == {first, second}
