"""A campaign as far as its batches are concerned: paused, cancelled, finished."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign
from newsletter.campaigns.states import CampaignState
from newsletter.delivery.ledger.batches import rows
from newsletter.delivery.ledger.sums import sums
from newsletter.delivery.models import Batch, Request
from newsletter.delivery.states import UNSETTLED, BatchState, Cause, follow
from newsletter.errors import StateError
from newsletter.kit.faults import fp


def pause(session: Session, campaign_id: int, reason: str) -> bool:
    """No further request leaves; calls under way end. True for the first to say so."""
    sending = and_(col(Campaign.id) == campaign_id, col(Campaign.state) == CampaignState.SENDING)
    paused = update(Campaign).where(sending).values(state=CampaignState.PAUSED, pause_reason=reason[:400])
    return rows(session.execute(paused)) == 1


def resume(session: Session, campaign_id: int) -> bool:
    """Go on where it stopped. False where it was not paused."""
    paused = and_(col(Campaign.id) == campaign_id, col(Campaign.state) == CampaignState.PAUSED)
    resumed = update(Campaign).where(paused).values(state=CampaignState.SENDING, pause_reason=None)
    return rows(session.execute(resumed)) == 1


def cancel(session: Session, campaign_id: int, now: datetime) -> int:
    """End a campaign: whatever waits is cancelled, calls under way end, unknown ones stay unknown. Returns how many."""
    over = (CampaignState.FINISHED, CampaignState.CANCELLED)
    session.execute(
        update(Campaign)
        .where(col(Campaign.id) == campaign_id, col(Campaign.state).not_in(over))
        .values(state=CampaignState.CANCELLED)
    )
    return cancel_ready(session, campaign_id, now)


def cancel_ready(session: Session, campaign_id: int, now: datetime) -> int:
    """Cancel the ready batches of a cancelled campaign, also those that came back from a call since."""
    cancelled = and_(col(Campaign.id) == campaign_id, col(Campaign.state) == CampaignState.CANCELLED)
    if not session.execute(select(exists().where(cancelled))).scalar_one():
        return 0
    ready = and_(col(Batch.campaign_id) == campaign_id, col(Batch.state) == BatchState.READY)
    target = follow(BatchState.READY, Cause.CAMPAIGN_CANCELLED)
    values = {"state": target, "reason": str(Cause.CAMPAIGN_CANCELLED), "settled_at": now}
    return rows(session.execute(update(Batch).where(ready).values(**values)))


def has_called(session: Session, campaign_id: int) -> bool:
    """Whether any request of this campaign was ever made."""
    query = select(col(Request.attempt_id)).join(Batch, col(Batch.id) == col(Request.batch_id))
    return session.execute(query.where(col(Batch.campaign_id) == campaign_id).limit(1)).first() is not None


def settled_campaigns(session: Session) -> list[int]:
    """Campaigns that are being sent and have nothing left to send or to find out: `finish` ends them."""
    query = select(col(Campaign.id)).where(col(Campaign.state) == CampaignState.SENDING, ~_unsettled())
    return list(session.execute(query).scalars())


def finish(session: Session, campaign_id: int, now: datetime) -> bool:
    """Finish a campaign whose every leaf is settled. False where it is not so (yet), or is not being sent.

    Raises `StateError`, and keeps it unfinished, if the sums did not close: that would be a fault of ours.
    """
    done = and_(
        col(Campaign.id) == campaign_id,
        col(Campaign.state) == CampaignState.SENDING,
        col(Campaign.frozen_at).is_not(None),
        ~_unsettled(),
    )
    finished = update(Campaign).where(done).values(state=CampaignState.FINISHED, finished_at=now)
    if rows(session.execute(finished)) != 1:
        return False
    if not sums(session, campaign_id).closes:
        raise StateError(f"The sums of campaign {campaign_id} do not close, so it is not finished. Keep the database.")
    fp("16")
    return True


def _unsettled() -> ColumnElement[bool]:
    return exists().where(col(Batch.campaign_id) == col(Campaign.id), col(Batch.state).in_(UNSETTLED))
