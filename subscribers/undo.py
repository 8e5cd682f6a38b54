"""Taking an import back, within 24 hours: what it created and nobody has changed since goes; the rest stays.

An address that was imported by mistake shall not stay here, so the rows are deleted, with the consent records that the
import itself had claimed: the one case in which consent records go. What something else already points at (an email
that was sent) can't be deleted and is ended instead; a corrected file may bring it back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, func, select, update

from subscribers import consent
from subscribers.consent import Act, Purpose
from subscribers.errors import UndoRefused
from subscribers.fates import UNDONE
from subscribers.models import (
    ConsentAction,
    ConsentRecord,
    ImportRun,
    Subscriber,
    Subscription,
    SubscriptionState,
)

UNDO_WINDOW = timedelta(hours=24)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Undone:
    """What was removed, what was ended because it is in use already, and what stays because it was changed since."""

    removed: int
    ended: int
    kept: int


def undo(
    session: Session,
    import_id: int,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Undone:
    """Take an import back, or `UndoRefused`. Changes that it made to people known before stay.

    `progress` is told subscriptions done and subscriptions in all.
    """
    run = _undoable(session, import_id, now)
    changed = col(Subscription.changed_at).is_not(None)
    kept, total = _count(session, import_id, changed), _count(session, import_id, ~changed)
    removed = ended = 0
    after = 0
    while chunk := _chunk(session, import_id, after):
        after = chunk[-1].id or 0
        if _removes(session, run, chunk):
            removed += len(chunk)
        else:
            for one in chunk:
                if _removes(session, run, [one]):
                    removed += 1
                else:
                    _end(session, one, now)
                    ended += 1
        progress(removed + ended, total)
    run.undone_at = now
    session.add(run)
    session.flush()
    return Undone(removed, ended, kept)


def _count(session: Session, import_id: int, which: ColumnElement[bool]) -> int:
    return session.exec(
        select(func.count()).select_from(Subscription).where(Subscription.import_id == import_id, which)
    ).one()


def _undoable(session: Session, import_id: int, now: datetime) -> ImportRun:
    run = session.exec(select(ImportRun).where(ImportRun.id == import_id).with_for_update()).first()
    if run is None:
        raise UndoRefused(f"no import {import_id}: see the list of imports for its number")
    if run.undone_at is not None:
        raise UndoRefused(f"import {import_id} was undone at {run.undone_at:%Y-%m-%d %H:%M} UTC already")
    if now - (run.finished_at or run.started_at) > UNDO_WINDOW:
        raise UndoRefused(f"import {import_id} is older than 24 hours: end or erase the readers one by one")
    return run


def _chunk(session: Session, import_id: int, after: int) -> Sequence[Subscription]:
    """The next of what can go, locked, so that a reader's change comes before or waits."""
    return session.exec(
        select(Subscription)
        .where(
            Subscription.import_id == import_id,
            col(Subscription.changed_at).is_(None),
            col(Subscription.id) > after,
        )
        .order_by(col(Subscription.id))
        .limit(_CHUNK)
        .with_for_update()
    ).all()


def _removes(session: Session, run: ImportRun, chunk: Sequence[Subscription]) -> bool:
    """Delete these subscriptions, and the people who have nothing else; False, and no change, where one is in use."""
    whose = [each.subscriber_id for each in chunk]
    try:
        with session.begin_nested():
            _delete_records(session, run, whose)
            session.exec(delete(Subscription).where(col(Subscription.id).in_([each.id for each in chunk])))
            _delete_people(session, run, whose)
    except IntegrityError:
        return False
    return True


def _delete_records(session: Session, run: ImportRun, whose: Collection[int]) -> None:
    session.exec(
        delete(ConsentRecord).where(
            col(ConsentRecord.subscriber_id).in_(whose), col(ConsentRecord.actor) == f"import:{run.id}"
        )
    )


def _delete_people(session: Session, run: ImportRun, whose: Collection[int]) -> None:
    elsewhere = select(Subscription.id).where(Subscription.subscriber_id == Subscriber.id).exists()
    proved = select(ConsentRecord.id).where(ConsentRecord.subscriber_id == Subscriber.id).exists()
    session.exec(
        delete(Subscriber).where(
            col(Subscriber.id).in_(whose), col(Subscriber.created_at) >= run.started_at, ~elsewhere, ~proved
        )
    )


def _end(session: Session, subscription: Subscription, now: datetime) -> None:
    session.exec(
        update(Subscription)
        .where(col(Subscription.id) == subscription.id)
        .values(state=SubscriptionState.ENDED, ended_at=now, ended_reason=UNDONE, changed_at=now)
    )
    act = Act(now, "undo of the import", f"import:{subscription.import_id}")
    consent.record(
        session,
        subscription.subscriber_id,
        subscription.list_id,
        Purpose.NEWSLETTER,
        ConsentAction.WITHDRAWN,
        act,
    )
