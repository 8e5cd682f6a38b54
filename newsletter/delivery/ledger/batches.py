"""How a batch is looked at and moved: the one place where its state is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign, Exclusion
from newsletter.campaigns.states import CampaignState, ExclusionStage
from newsletter.delivery.models import Batch, Delivery
from newsletter.delivery.states import SETTLED, BatchState, Cause, follow
from newsletter.errors import NotFound, StateError


@dataclass(frozen=True, slots=True)
class Seen:
    """A batch as it was when this transaction looked."""

    id: int
    campaign_id: int
    variant_id: int
    parent_id: int | None
    first: int
    last: int
    not_before: datetime
    state: BatchState
    is_leaf: bool
    attempt_id: str | None
    attempts: int
    campaign_state: CampaignState


def look(session: Session, batch_id: int, *, lock: bool = False) -> Seen:
    """The batch now; with `lock` nobody else moves it before this transaction ends. Raises `NotFound`."""
    query = (
        select(
            col(Batch.id),
            col(Batch.campaign_id),
            col(Batch.variant_id),
            col(Batch.parent_id),
            col(Batch.first_position),
            col(Batch.last_position),
            col(Batch.not_before),
            col(Batch.state),
            col(Batch.is_leaf),
            col(Batch.attempt_id),
            col(Batch.attempt_count),
            col(Campaign.state),
        )
        .join(Campaign, col(Campaign.id) == col(Batch.campaign_id))
        .where(col(Batch.id) == batch_id)
    )
    row = session.execute(query.with_for_update(of=Batch) if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"There is no batch {batch_id}. `newsletter campaign status` lists those that wait for you.")
    return Seen(*row)


def move(session: Session, seen: Seen, cause: Cause, now: datetime, **values: Any) -> BatchState:  # noqa: ANN401 -- columns
    """Move a batch along the table, and nowhere else. Raises `StateError` if somebody moved it meanwhile."""
    target = follow(seen.state, cause)
    still = and_(col(Batch.id) == seen.id, col(Batch.state) == seen.state)
    settled = {"settled_at": now if target in SETTLED else None}
    moved = session.execute(update(Batch).where(still).values(state=target, **settled, **values))
    if rows(moved) != 1:
        raise StateError(f"Batch {seen.id} was {seen.state} and is not any more; look again.")
    return target


def add_children(session: Session, seen: Seen, ranges: list[tuple[int, int]]) -> None:
    """Ready batches over parts of this one's range, due when it was due, and called before what comes after it."""
    session.add_all(
        Batch(
            campaign_id=seen.campaign_id,
            variant_id=seen.variant_id,
            parent_id=seen.id,
            first_position=first,
            last_position=last,
            not_before=seen.not_before,
            state=BatchState.READY,
        )
        for first, last in ranges
    )
    session.flush()


def positions(session: Session, seen: Seen) -> list[int]:
    """The readers of a batch who have no send-stage exclusion, in order."""
    query = select(col(Delivery.position)).where(within(seen), ~excluded()).order_by(col(Delivery.position))
    return list(session.execute(query).scalars())


def within(seen: Seen) -> ColumnElement[bool]:
    """The deliveries of a batch."""
    return and_(col(Delivery.campaign_id) == seen.campaign_id, col(Delivery.position).between(seen.first, seen.last))


def excluded() -> ColumnElement[bool]:
    """Whether a delivery has a send-stage exclusion."""
    return exists().where(
        col(Exclusion.campaign_id) == col(Delivery.campaign_id),
        col(Exclusion.subscriber_id) == col(Delivery.subscriber_id),
        col(Exclusion.stage) == ExclusionStage.SEND,
    )


def rows(result: object) -> int:
    """How many rows a statement changed."""
    count: int = result.rowcount  # type: ignore[attr-defined]  # SQLAlchemy types an UPDATE's result as any Result
    return count
