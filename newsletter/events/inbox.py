"""Posts are stored durably before they are answered, and applied afterwards, each in one transaction.

A process that dies in between loses nothing: the post waits, and what it holds is applied once (I12).
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlmodel import Session, col

from newsletter.db import Database
from newsletter.events import sendgrid
from newsletter.events.applied import Applied
from newsletter.events.models import InboxPost, Quarantine
from newsletter.events.recorder import record
from newsletter.kit.clock import Clock
from newsletter.kit.faults import fp

SENDGRID = "sendgrid"
MAX_FAILURES = 20
"""After so many attempts a post is left for a person; `failure_count` says which these are."""

_log = structlog.get_logger(__name__)


def store(database: Database, provider: str, body: bytes, now: datetime) -> None:
    """Keep a post. When this returns, it survives the death of the process and of the machine."""
    with database.write() as session:
        session.add(InboxPost(provider=provider, received_at=now, body=body))


def require_writable(database: Database) -> None:
    """Raise whatever a store would raise now: the database takes a write, one that changes no row."""
    with database.write() as session:
        session.execute(update(InboxPost).where(col(InboxPost.id) == -1).values(failure_count=0))


def apply_waiting(database: Database, clock: Clock, limit: int = 100) -> Applied:
    """Apply up to `limit` waiting posts, oldest first; any number of processes may do this at once."""
    total = Applied()
    for post_id in _waiting(database, limit):
        total += _apply_one(database, clock, post_id)
    return total


def _waiting(database: Database, limit: int) -> list[int]:
    query = (
        select(col(InboxPost.id))
        .where(col(InboxPost.applied_at).is_(None), col(InboxPost.failure_count) < MAX_FAILURES)
        .order_by(col(InboxPost.id))
        .limit(limit)
    )
    with database.read() as session:
        return [number for number in session.scalars(query) if number is not None]


def _apply_one(database: Database, clock: Clock, post_id: int) -> Applied:
    try:
        with database.write() as session:
            return _apply(session, clock, post_id)
    except Exception as error:  # noqa: BLE001 -- one post that can't be applied must not stop the others
        _log.error("post not applied", post=post_id, error=type(error).__name__)
    with database.write() as session:
        session.execute(
            update(InboxPost).where(col(InboxPost.id) == post_id).values(failure_count=col(InboxPost.failure_count) + 1)
        )
    return Applied(failed_posts=1)


def _apply(session: Session, clock: Clock, post_id: int) -> Applied:
    """Claim the post, record what it holds, mark it, all or nothing. One that another process has counts as none."""
    query = (
        select(col(InboxPost.body), col(InboxPost.received_at))
        .where(col(InboxPost.id) == post_id, col(InboxPost.applied_at).is_(None))
        .with_for_update(skip_locked=True)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return Applied()
    body, received_at = found
    reading = sendgrid.read(body or b"")
    applied = record(session, reading.events, received_at)
    session.add_all(Quarantine(inbox_id=post_id, ordinal=ordinal, reason=reason) for ordinal, reason in reading.bad)
    applied += Applied(
        posts=1,
        events=reading.count - len(reading.events),
        ignored=reading.ignored.total(),
        quarantined=len(reading.bad),
    )
    fp("20")
    _mark(session, post_id, clock.now(), applied)
    return applied


def _mark(session: Session, post_id: int, now: datetime, applied: Applied) -> None:
    session.flush()
    session.execute(
        update(InboxPost)
        .where(col(InboxPost.id) == post_id)
        .values(
            applied_at=now,
            event_count=applied.events,
            new_count=applied.new,
            quarantined_count=applied.quarantined,
        )
    )
