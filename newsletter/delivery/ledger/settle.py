"""What an answer does to its batch, to its readers and to everything else that waits to be sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from newsletter.campaigns.models import Exclusion
from newsletter.campaigns.states import CampaignState
from newsletter.delivery.ledger.batches import Seen, add_children, look, move, positions, rows
from newsletter.delivery.ledger.campaign import cancel_ready, pause
from newsletter.delivery.ledger.exclusions import REFUSED_BY_PROVIDER, exclude
from newsletter.delivery.ledger.provider import block, stop
from newsletter.delivery.ledger.unknown import has_evidence
from newsletter.delivery.models import Batch, Delivery, Request
from newsletter.delivery.ranges import halves, pieces
from newsletter.delivery.rate import backoff, clamp, jitter
from newsletter.delivery.states import BatchState, Cause, Consequence, Halt, WireClass, consequence
from newsletter.delivery.transports.base import Outcome
from newsletter.errors import NotFound
from newsletter.kit.faults import fp

BUDGET_SHARE: Final = 0.05
BUDGET_FEW: Final = 10
"""So many refused readers are nobody's reason to stop."""
BUDGET_MOST: Final = 500
REFUSALS_IN_A_ROW: Final = 25
"""So many refused requests without an acceptance between them mean that the content is at fault, not a reader."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an answer. `is_fenced`: it came from an attempt that has no say any more, and moved nothing."""

    state: BatchState
    is_fenced: bool = False
    paused: str | None = None
    stopped: str | None = None


def record(session: Session, attempt_id: str, outcome: Outcome, now: datetime, named: Collection[int] = ()) -> Recorded:
    """Write the answer to one attempt, once; `named` are the positions of readers whom a refusal named.

    The request row takes what its own call saw in any case. The batch moves only for its latest attempt: a process
    that slept through its deadline and wakes up finds itself fenced.
    """
    request = _close_request(session, attempt_id, outcome, now)
    seen = look(session, request.batch_id, lock=True)
    if not request.is_first or seen.attempt_id != attempt_id:
        return Recorded(seen.state, is_fenced=True)
    if seen.state is not BatchState.CALLING:
        return _late(session, seen, outcome, now)
    if has_evidence(session, seen):
        state = move(session, seen, Cause.EVIDENCE, now, message_id=outcome.message_id, reason=outcome.detail)
        fp("13")
        return Recorded(state)
    recorded = _settle(session, seen, outcome, named, request.provider, now)
    fp("13")
    return recorded


def split_for_transport(session: Session, batch_id: int, max_recipients: int, now: datetime) -> bool:
    """Divide a ready batch that the transport can't take in one request; it was planned for another transport."""
    seen = look(session, batch_id, lock=True)
    if seen.state is not BatchState.READY:
        return False
    move(session, seen, Cause.TRANSPORT_CHANGED, now, is_leaf=False, reason=str(Cause.TRANSPORT_CHANGED))
    add_children(session, seen, pieces(seen.first, seen.last, max_recipients))
    return True


@dataclass(frozen=True, slots=True)
class _Closed:
    batch_id: int
    provider: str
    is_first: bool


def _close_request(session: Session, attempt_id: str, outcome: Outcome, now: datetime) -> _Closed:
    """The call is over: its living worker says so."""
    closed = session.execute(
        update(Request)
        .where(col(Request.attempt_id) == attempt_id, col(Request.outcome).is_(None))
        .values(
            outcome=outcome.wire,
            status=outcome.status,
            message_id=outcome.message_id,
            detail=outcome.detail,
            call_over_at=now,
        )
    )
    row = session.execute(
        select(col(Request.batch_id), col(Request.provider)).where(col(Request.attempt_id) == attempt_id)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no attempt {attempt_id}: its intent was never stored, so it must not have been made.")
    batch_id, provider = row
    return _Closed(batch_id, provider, rows(closed) == 1)


def _late(session: Session, seen: Seen, outcome: Outcome, now: datetime) -> Recorded:
    """Only a 202 still says something about a batch that was given up waiting for."""
    if outcome.wire is not WireClass.ACCEPTED or seen.state in {BatchState.ACCEPTED, BatchState.REFUSED}:
        return Recorded(seen.state, is_fenced=True)
    return Recorded(move(session, seen, Cause.LATE_ANSWER, now, message_id=outcome.message_id))


def _settle(
    session: Session, seen: Seen, outcome: Outcome, named: Collection[int], provider: str, now: datetime
) -> Recorded:
    readers: Sequence[int] = ()
    if outcome.wire is WireClass.REFUSED:
        readers = positions(session, seen)
        named = frozenset(named) & frozenset(readers)
    then = consequence(outcome.wire, len(named), len(readers))
    if then.cause is Cause.SPLIT:
        state = _refuse(session, seen, readers, named, outcome, now)
    else:
        if then.cause is Cause.ONE_REFUSED:
            exclude(session, seen.campaign_id, REFUSED_BY_PROVIDER, dict.fromkeys(named, outcome.detail), now)
        state = move(session, seen, then.cause, now, **_columns(seen, then, outcome, now))
    paused, stopped = _halt(session, seen, then, outcome, provider, now)
    if outcome.wire is WireClass.REFUSED and paused is None:
        paused = _over_budget(session, seen.campaign_id)
    if seen.campaign_state is CampaignState.CANCELLED:
        cancel_ready(session, seen.campaign_id, now)
    return Recorded(state, paused=paused, stopped=stopped)


def _columns(seen: Seen, then: Consequence, outcome: Outcome, now: datetime) -> dict[str, Any]:
    columns: dict[str, Any] = {"message_id": outcome.message_id, "deadline_at": None}
    if then.cause is not Cause.ACCEPTED:
        columns["reason"] = outcome.detail or str(outcome.wire)
    if then.cause is Cause.NOT_SENT and seen.attempt_id is not None:
        columns["not_before"] = now + backoff(seen.attempts, jitter(seen.attempt_id))
    if not then.counts_as_attempt:
        columns["attempt_count"] = seen.attempts - 1
    return columns


def _refuse(
    session: Session,
    seen: Seen,
    readers: Sequence[int],
    named: Collection[int],
    outcome: Outcome,
    now: datetime,
) -> BatchState:
    """The provider won't have this request: halve it, or exclude the reader or readers it comes down to."""
    reason = outcome.detail or str(outcome.wire)
    if named or len(readers) < 2:
        exclude(session, seen.campaign_id, REFUSED_BY_PROVIDER, dict.fromkeys(named or readers, outcome.detail), now)
        return move(session, seen, Cause.SPLIT, now, reason=reason, deadline_at=None)
    state = move(session, seen, Cause.SPLIT, now, reason=reason, deadline_at=None, is_leaf=False)
    add_children(session, seen, list(halves(seen.first, seen.last, readers)))
    return state


def _halt(
    session: Session, seen: Seen, then: Consequence, outcome: Outcome, provider: str, now: datetime
) -> tuple[str | None, str | None]:
    reason = f"{outcome.wire}: {outcome.detail or outcome.status}"
    if then.halt is Halt.UNTIL:
        spread = backoff(1, jitter(seen.attempt_id or "0"))
        block(session, provider, clamp(outcome.retry_at, now) + spread)
    elif then.halt is Halt.CAMPAIGN:
        return (reason if pause(session, seen.campaign_id, reason) else None), None
    elif then.halt is Halt.ALL:
        return None, (reason if stop(session, provider, reason, now) else None)
    return None, None


def _over_budget(session: Session, campaign_id: int) -> str | None:
    """Pause a campaign that is refused too often: by readers, or request after request."""
    refused = _count_refused(session, campaign_id)
    readers = session.execute(
        select(func.count()).select_from(Delivery).where(col(Delivery.campaign_id) == campaign_id)
    ).scalar_one()
    if is_over_budget(refused, readers):
        reason = f"error budget: {refused} of {readers} readers were refused by the provider"
    elif _row_of_refusals(session, campaign_id) >= REFUSALS_IN_A_ROW:
        reason = f"{REFUSALS_IN_A_ROW} requests in a row were refused by the provider"
    else:
        return None
    return reason if pause(session, campaign_id, reason) else None


def is_over_budget(refused: int, readers: int) -> bool:
    """Whether so many refusals are too many for a campaign of this size (R-70). Pure."""
    return refused >= BUDGET_MOST or refused > max(BUDGET_FEW, readers * BUDGET_SHARE)


def _count_refused(session: Session, campaign_id: int) -> int:
    mine = (col(Exclusion.campaign_id) == campaign_id, col(Exclusion.reason) == REFUSED_BY_PROVIDER)
    count: int = session.execute(select(func.count()).select_from(Exclusion).where(*mine)).scalar_one()
    return count


def _row_of_refusals(session: Session, campaign_id: int) -> int:
    """How many of the latest requests were refused, counted back from now to the first that was not."""
    latest = (
        select(col(Request.outcome))
        .join(Batch, col(Batch.id) == col(Request.batch_id))
        .where(col(Batch.campaign_id) == campaign_id, col(Request.outcome).is_not(None))
        .order_by(col(Request.call_over_at).desc(), col(Request.called_at).desc())
        .limit(REFUSALS_IN_A_ROW)
    )
    outcomes = list(session.execute(latest).scalars())
    return next((n for n, outcome in enumerate(outcomes) if outcome is not WireClass.REFUSED), len(outcomes))
