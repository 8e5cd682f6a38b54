"""The claim: one conditional `ready → calling`, with everything that must be true at that moment, in one transaction.

The caller commits before it opens a socket: an attempt whose intent is not durable never leaves this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, select, update
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign
from newsletter.campaigns.states import CampaignState
from newsletter.delivery.ledger.batches import Seen, excluded, look, move, rows, within
from newsletter.delivery.ledger.exclusions import RENDER_FAILED, exclude
from newsletter.delivery.ledger.provider import Provider, provider, take_slot
from newsletter.delivery.models import Batch, Delivery, Request
from newsletter.delivery.rate import Rate
from newsletter.delivery.states import BatchState, Cause, follow
from subscribers.audience import withheld
from subscribers.models import MailingList, Subscriber, Subscription


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that is about to be made: a fresh id, who makes it, against which provider, until when."""

    id: str
    provider: str
    worker: str
    now: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """Leave to call once, for exactly the readers at these positions."""

    batch_id: int
    campaign_id: int
    attempt_id: str
    positions: tuple[int, ...]


class Obstacle(StrEnum):
    """Why a batch is not called now."""

    TAKEN = "taken"
    """Not ready: another lane has it, or it is settled."""
    EARLY = "early"
    CAMPAIGN = "campaign"
    """Its campaign is not being sent."""
    STOPPED = "stopped"
    """All sending stands still until a person resumes it."""
    RATE = "rate"
    """The rate limit, or a provider's wish to be left alone for a while."""
    NOBODY_LEFT = "nobody-left"
    """The gate left nobody to write to; the batch is cancelled."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing was claimed. `until` is when to look again, where a time is known."""

    why: Obstacle
    until: datetime | None = None


class _Undone(Exception):  # noqa: N818 -- carries an answer out of the savepoint, which it rolls back
    def __init__(self, answer: NotNow) -> None:
        self.answer = answer


def due(session: Session, now: datetime, limit: int, campaign_id: int | None = None) -> list[int]:
    """Batches that may be called, in the order of their sending times and positions, so that halves come first."""
    query = (
        select(col(Batch.id))
        .join(Campaign, col(Campaign.id) == col(Batch.campaign_id))
        .where(
            col(Batch.state) == BatchState.READY,
            col(Batch.not_before) <= now,
            col(Campaign.state) == CampaignState.SENDING,
        )
        .order_by(col(Batch.not_before), col(Batch.campaign_id), col(Batch.first_position))
        .limit(limit)
    )
    if campaign_id is not None:
        query = query.where(col(Batch.campaign_id) == campaign_id)
    return list(session.execute(query).scalars())


def next_due(session: Session, campaign_id: int | None = None) -> datetime | None:
    """When the next ready batch of a campaign that is being sent becomes due, or None where there is none."""
    query = (
        select(col(Batch.not_before))
        .join(Campaign, col(Campaign.id) == col(Batch.campaign_id))
        .where(col(Batch.state) == BatchState.READY, col(Campaign.state) == CampaignState.SENDING)
        .order_by(col(Batch.not_before))
        .limit(1)
    )
    if campaign_id is not None:
        query = query.where(col(Batch.campaign_id) == campaign_id)
    return session.execute(query).scalar()


def obstacle(seen: Seen, provider_: Provider, rate: Rate, now: datetime) -> NotNow | None:
    """What stands between a batch and its call, as far as a look can tell. Pure."""
    if seen.state is not BatchState.READY:
        return NotNow(Obstacle.TAKEN)
    if seen.campaign_state is not CampaignState.SENDING:
        return NotNow(Obstacle.CAMPAIGN)
    if seen.not_before > now:
        return NotNow(Obstacle.EARLY, seen.not_before)
    if provider_.stopped_reason is not None:
        return NotNow(Obstacle.STOPPED)
    wait = provider_.wait(rate, now)
    return None if wait is None else NotNow(Obstacle.RATE, wait)


def glance(session: Session, batch_id: int, provider_key: str, rate: Rate, now: datetime) -> NotNow | None:
    """What stands in the way of a call, before anything is made ready for it. Reads only."""
    return obstacle(look(session, batch_id), provider(session, provider_key), rate, now)


def claim(
    session: Session, batch_id: int, attempt: Attempt, rate: Rate, unrenderable: Mapping[int, str] | None = None
) -> Claim | NotNow:
    """Claim a ready batch for one call, or say why not now.

    In this transaction: still ready and due, campaign still sending, the consent gate (whoever withdrew, was
    suppressed or erased becomes a send-stage exclusion), `unrenderable` readers excluded, the request row, and last
    one slot of the rate. A batch that is left without readers is cancelled.
    """
    seen = look(session, batch_id)
    if (found := obstacle(seen, provider(session, attempt.provider), rate, attempt.now)) is not None:
        return found
    try:
        with session.begin_nested():
            return _take(session, seen, attempt, rate, unrenderable or {})
    except _Undone as undone:
        return undone.answer


def _take(
    session: Session, seen: Seen, attempt: Attempt, rate: Rate, unrenderable: Mapping[int, str]
) -> Claim | NotNow:
    if not _ready_to_calling(session, seen, attempt):
        raise _Undone(NotNow(Obstacle.TAKEN))
    positions = _gate(session, seen, attempt.now)
    failed = {position: unrenderable[position] for position in positions if position in unrenderable}
    exclude(session, seen.campaign_id, RENDER_FAILED, failed, attempt.now)
    left = tuple(position for position in positions if position not in failed)
    if not left:
        _cancel_empty(session, seen, attempt.now)
        return NotNow(Obstacle.NOBODY_LEFT)
    session.add(
        Request(
            attempt_id=attempt.id,
            batch_id=seen.id,
            provider=attempt.provider,
            worker=attempt.worker,
            called_at=attempt.now,
            deadline_at=attempt.deadline,
        )
    )
    session.flush()
    if (wait := take_slot(session, attempt.provider, rate, attempt.now)) is not None:
        raise _Undone(NotNow(Obstacle.RATE, wait))
    return Claim(seen.id, seen.campaign_id, attempt.id, left)


def _ready_to_calling(session: Session, seen: Seen, attempt: Attempt) -> bool:
    """The guard against a second copy: of two that try, the second finds no row."""
    sending = (
        select(col(Campaign.id))
        .where(col(Campaign.id) == col(Batch.campaign_id), col(Campaign.state) == CampaignState.SENDING)
        .exists()
    )
    ready = and_(
        col(Batch.id) == seen.id, col(Batch.state) == BatchState.READY, col(Batch.not_before) <= attempt.now, sending
    )
    return (
        rows(
            session.execute(
                update(Batch)
                .where(ready)
                .values(
                    state=follow(BatchState.READY, Cause.CALL),
                    attempt_id=attempt.id,
                    attempt_count=col(Batch.attempt_count) + 1,
                    deadline_at=attempt.deadline,
                    reason=None,
                )
            )
        )
        == 1
    )


def _gate(session: Session, seen: Seen, now: datetime) -> list[int]:
    """The consent gate: excludes who must get nothing right now, and returns the positions of the others.

    The subscription rows stay locked until the commit where the database can: a withdrawal under way is waited for, a
    later one finds the call made.
    """
    slug = (
        select(col(MailingList.slug))
        .join(Campaign, col(Campaign.list_id) == col(MailingList.id))
        .where(col(Campaign.id) == seen.campaign_id)
    )
    query = (
        select(col(Delivery.position), withheld(session.execute(slug).scalar_one(), now))
        .join(Subscription, col(Subscription.id) == col(Delivery.subscription_id))
        .join(Subscriber, col(Subscriber.id) == col(Delivery.subscriber_id))
        .where(within(seen), ~excluded())
        .order_by(col(Delivery.position))
        .with_for_update(read=True, of=Subscription)
    )
    found = session.execute(query).all()
    by_reason: dict[str, dict[int, str | None]] = {}
    for position, reason in found:
        if reason is not None:
            by_reason.setdefault(reason, {})[position] = None
    for reason, details in by_reason.items():
        exclude(session, seen.campaign_id, reason, details, now)
    return [position for position, reason in found if reason is None]


def _cancel_empty(session: Session, seen: Seen, now: datetime) -> None:
    """Undo the call that will not be made, so that the batch goes from ready to cancelled."""
    back = {"state": seen.state, "attempt_id": seen.attempt_id, "attempt_count": seen.attempts, "deadline_at": None}
    session.execute(update(Batch).where(col(Batch.id) == seen.id).values(**back))
    move(session, seen, Cause.NOBODY_LEFT, now, reason=str(Cause.NOBODY_LEFT))
