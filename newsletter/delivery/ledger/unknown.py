"""Calls whose answer nobody knows: how they become so, and the only three ways out: evidence, absence, a decision."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, select, update
from sqlmodel import Session, col

from newsletter.campaigns.states import CampaignState
from newsletter.delivery.ledger.batches import Seen, look, move
from newsletter.delivery.models import Batch, Decision, Request
from newsletter.delivery.states import BatchState, Cause, WireClass
from newsletter.errors import StateError


class Action(StrEnum):
    """What a person may decide about an unknown batch."""

    RESEND = "resend"
    """Call again, at the risk of a second copy."""
    LEAVE = "leave"
    """Don't: whoever did not get it goes without."""


_CAUSES = {Action.RESEND: Cause.DECIDED_RESEND, Action.LEAVE: Cause.DECIDED_LEAVE}


def evidence(session: Session, attempt_id: str, now: datetime, what: str) -> bool:
    """An event carries this attempt id: the provider took that request, whole. True if a batch became accepted.

    Kept with the request in any case, so that it also counts for a batch that is being called right now, once that
    call ends. A batch that was split after this attempt has its halves settled: their readers have the mail. Told any
    number of times, in any order, it does the same.
    """
    batch_id = session.execute(
        select(col(Request.batch_id)).where(col(Request.attempt_id) == attempt_id)
    ).scalar_one_or_none()
    if batch_id is None:
        return False
    unproved = (col(Request.attempt_id) == attempt_id, col(Request.evidence_at).is_(None))
    session.execute(update(Request).where(*unproved).values(evidence_at=now, evidence=what[:128]))
    return any([_prove(session, leaf, now) for leaf in _leaves(session, batch_id)])  # noqa: C419 -- all of them


def has_evidence(session: Session, seen: Seen) -> bool:
    """Whether any attempt of this batch, or of one it was split from, is proved to have been taken."""
    batch_id: int | None = seen.id
    while batch_id is not None:
        proved = exists().where(col(Request.batch_id) == batch_id, col(Request.evidence_at).is_not(None))
        if session.execute(select(proved)).scalar_one():
            return True
        batch_id = session.execute(select(col(Batch.parent_id)).where(col(Batch.id) == batch_id)).scalar_one()
    return False


def recover(session: Session, now: datetime) -> int:
    """At the start of the only sending process: whatever is still calling has lost its caller. Returns how many.

    Those processes are gone, so their calls are over. Doing it twice does nothing more.
    """
    return _give_up(session, Cause.ENDED, now, col(Batch.state) == BatchState.CALLING, call_is_over=True)


def abandon(session: Session, worker: str, now: datetime) -> int:
    """This worker stops while calls of its own are under way. They may still be answered, but nobody waits."""
    own = exists().where(col(Request.attempt_id) == col(Batch.attempt_id), col(Request.worker) == worker)
    return _give_up(session, Cause.ENDED, now, own, call_is_over=False)


def expire(session: Session, now: datetime) -> int:
    """Calls past their deadline become unknown. That proves nothing about the call: its worker may wake up."""
    return _give_up(session, Cause.OVERDUE, now, col(Batch.deadline_at) < now, call_is_over=False)


def resolve(session: Session, batch_id: int, action: Action, actor: str, note: str, now: datetime) -> None:
    """Record one decision and carry it out. Raises `StateError` when there is nothing to decide (any more).

    Of two clicks, tabs or people, the first decides and the others are told so.
    """
    seen = look(session, batch_id, lock=True)
    if seen.state is not BatchState.UNKNOWN:
        raise StateError(f"Batch {batch_id} is {seen.state}, not unknown: there is nothing to decide.")
    if action is Action.RESEND and seen.campaign_state is CampaignState.CANCELLED:
        raise StateError(f"Batch {batch_id} belongs to a cancelled campaign: it can only be left.")
    columns = {"not_before": now} if action is Action.RESEND else {}
    move(session, seen, _CAUSES[action], now, reason=f"{action} by {actor}", **columns)
    session.add(Decision(batch_id=batch_id, actor=actor[:64], action=str(action), note=note[:400], at=now))
    session.flush()


def _prove(session: Session, batch_id: int, now: datetime) -> bool:
    seen = look(session, batch_id, lock=True)
    if seen.state in {BatchState.CALLING, BatchState.ACCEPTED, BatchState.REFUSED}:
        return False
    move(session, seen, Cause.EVIDENCE, now, deadline_at=None)
    return True


def _leaves(session: Session, batch_id: int) -> list[int]:
    """The batch itself, or the parts it was split into."""
    found, open_ = [], [batch_id]
    while open_:
        children = list(session.execute(select(col(Batch.id)).where(col(Batch.parent_id).in_(open_))).scalars())
        parents = set(session.execute(select(col(Batch.parent_id)).where(col(Batch.parent_id).in_(open_))).scalars())
        found += [one for one in open_ if one not in parents]
        open_ = children
    return found


def _give_up(session: Session, cause: Cause, now: datetime, which: ColumnElement[bool], *, call_is_over: bool) -> int:
    """Calling → unknown, or accepted where evidence came while it was calling."""
    calling = select(col(Batch.id)).where(col(Batch.state) == BatchState.CALLING, which)
    found = 0
    for batch_id in session.execute(calling).scalars().all():
        seen = look(session, batch_id, lock=True)
        if seen.state is not BatchState.CALLING:
            continue
        if call_is_over:
            _close_request(session, seen, now)
        proved = has_evidence(session, seen)
        why = None if proved else _WHY[cause]
        move(session, seen, Cause.EVIDENCE if proved else cause, now, reason=why, deadline_at=None)
        found += 1
    return found


_WHY = {Cause.ENDED: "its process ended while calling", Cause.OVERDUE: "no answer before the deadline"}


def _close_request(session: Session, seen: Seen, now: datetime) -> None:
    """The process is gone, and with it the socket: this call is over."""
    still_open = (col(Request.attempt_id) == seen.attempt_id, col(Request.call_over_at).is_(None))
    values = {"call_over_at": now, "outcome": WireClass.UNKNOWN, "detail": _WHY[Cause.ENDED]}
    session.execute(update(Request).where(*still_open).values(**values))
