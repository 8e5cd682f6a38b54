"""The sums of a campaign: every candidate is accounted for, once, and this is where it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign, Exclusion
from newsletter.campaigns.states import ExclusionStage
from newsletter.delivery.models import Batch, Delivery, Request
from newsletter.delivery.states import UNSETTLED, BatchState


@dataclass(frozen=True, slots=True)
class UnknownBatch:
    """A request whose answer nobody knows: waits for evidence or for a decision."""

    id: int
    readers: int
    reason: str
    called_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sums:
    """One campaign at one moment, counted in readers unless a name says otherwise."""

    candidates: int
    deliveries: int
    freeze_exclusions: Mapping[str, int]
    send_exclusions: Mapping[str, int]
    deliveries_by_state: Mapping[BatchState, int]
    """Each delivery without a send-stage exclusion, by the state of the leaf batch that holds it."""
    batches_by_state: Mapping[BatchState, int]
    """Leaf batches."""
    requests: int
    """Calls made, of any outcome."""
    gaps: int
    """Places where leaf ranges overlap or leave a position out: always 0."""
    unknown_batches: tuple[UnknownBatch, ...]

    @property
    def excluded_at_freeze(self) -> int:
        """Candidates who have no delivery."""
        return sum(self.freeze_exclusions.values())

    @property
    def excluded_at_send(self) -> int:
        """Deliveries that were held back or refused one by one."""
        return sum(self.send_exclusions.values())

    @property
    def unsettled(self) -> int:
        """Readers for whom something is still to be done or found out."""
        return sum(count for state, count in self.deliveries_by_state.items() if state in UNSETTLED)

    @property
    def closes(self) -> bool:
        """Whether candidates = deliveries + freeze exclusions, and every delivery is counted exactly once (I2)."""
        return (
            self.candidates == self.deliveries + self.excluded_at_freeze
            and self.deliveries == sum(self.deliveries_by_state.values()) + self.excluded_at_send
            and self.gaps == 0
        )


def sums(session: Session, campaign_id: int) -> Sums:
    """Count a campaign afresh from its rows. Nothing here is a counter that could be forgotten."""
    deliveries = session.execute(
        select(func.count()).select_from(Delivery).where(col(Delivery.campaign_id) == campaign_id)
    ).scalar_one()
    batches, positions = _leaves(session, campaign_id)
    return Sums(
        candidates=session.execute(
            select(col(Campaign.candidate_count)).where(col(Campaign.id) == campaign_id)
        ).scalar_one(),
        deliveries=deliveries,
        freeze_exclusions=_exclusions(session, campaign_id, ExclusionStage.FREEZE),
        send_exclusions=_exclusions(session, campaign_id, ExclusionStage.SEND),
        deliveries_by_state=_minus(positions, _excluded_by_state(session, campaign_id)),
        batches_by_state=batches,
        requests=_requests(session, campaign_id),
        gaps=_gaps(session, campaign_id, deliveries),
        unknown_batches=tuple(_unknown(session, campaign_id)),
    )


def _leaves(session: Session, campaign_id: int) -> tuple[dict[BatchState, int], dict[BatchState, int]]:
    """Leaf batches by state, and positions by their leaf's state."""
    length = func.sum(col(Batch.last_position) - col(Batch.first_position) + 1)
    query = select(col(Batch.state), func.count(), length).where(*_leaf(campaign_id)).group_by(col(Batch.state))
    found = session.execute(query).all()
    return {state: count for state, count, _ in found}, {state: int(size) for state, _, size in found}


def _excluded_by_state(session: Session, campaign_id: int) -> dict[BatchState, int]:
    """Send-stage exclusions by the state of the leaf that holds their position."""
    leaf = (
        select(col(Batch.state))
        .where(*_leaf(campaign_id), col(Batch.first_position) <= col(Exclusion.position))
        .order_by(col(Batch.first_position).desc())
        .limit(1)
        .scalar_subquery()
    )
    mine = (col(Exclusion.campaign_id) == campaign_id, col(Exclusion.stage) == ExclusionStage.SEND)
    each = select(leaf.label("state")).select_from(Exclusion).where(*mine).subquery()
    query = select(each.c.state, func.count()).group_by(each.c.state)
    return {BatchState(state): count for state, count in session.execute(query)}


def _exclusions(session: Session, campaign_id: int, stage: ExclusionStage) -> dict[str, int]:
    mine = (col(Exclusion.campaign_id) == campaign_id, col(Exclusion.stage) == stage)
    query = select(col(Exclusion.reason), func.count()).where(*mine).group_by(col(Exclusion.reason))
    return dict(session.execute(query).all())


def _requests(session: Session, campaign_id: int) -> int:
    query = select(func.count()).select_from(Request).join(Batch, col(Batch.id) == col(Request.batch_id))
    count: int = session.execute(query.where(col(Batch.campaign_id) == campaign_id)).scalar_one()
    return count


def _gaps(session: Session, campaign_id: int, deliveries: int) -> int:
    """Leaf ranges must tile 1…deliveries: each begins right after the one before it, and the last ends at the end."""
    before = func.lag(col(Batch.last_position), 1, 0).over(order_by=col(Batch.first_position))
    steps = select((col(Batch.first_position) - before).label("step")).where(*_leaf(campaign_id)).subquery()
    wrong: int = session.execute(select(func.count()).select_from(steps).where(steps.c.step != 1)).scalar_one()
    last = session.execute(
        select(func.coalesce(func.max(col(Batch.last_position)), 0)).where(*_leaf(campaign_id))
    ).scalar_one()
    return wrong + int(last != deliveries)


def _unknown(session: Session, campaign_id: int) -> list[UnknownBatch]:
    query = (
        select(
            col(Batch.id),
            col(Batch.last_position) - col(Batch.first_position) + 1 - _held_back(),
            col(Batch.reason),
            col(Request.called_at),
        )
        .outerjoin(Request, col(Request.attempt_id) == col(Batch.attempt_id))
        .where(*_leaf(campaign_id), col(Batch.state) == BatchState.UNKNOWN)
        .order_by(col(Batch.first_position))
    )
    return [UnknownBatch(id_, readers, reason or "", at) for id_, readers, reason, at in session.execute(query)]


def _held_back() -> ScalarSelect[int]:
    """How many readers of a batch have a send-stage exclusion."""
    return (
        select(func.count())
        .select_from(Exclusion)
        .where(
            col(Exclusion.campaign_id) == col(Batch.campaign_id),
            col(Exclusion.stage) == ExclusionStage.SEND,
            col(Exclusion.position).between(col(Batch.first_position), col(Batch.last_position)),
        )
        .correlate(Batch)
        .scalar_subquery()
    )


def _leaf(campaign_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Batch.campaign_id) == campaign_id, col(Batch.is_leaf).is_(True)


def _minus(whole: Mapping[BatchState, int], part: Mapping[BatchState, int]) -> dict[BatchState, int]:
    left = {state: count - part.get(state, 0) for state, count in whole.items()}
    return {state: count for state, count in left.items() if count}
