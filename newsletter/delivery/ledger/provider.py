"""The row per provider: when the next request may go, and whether sending stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlmodel import Session, col

from newsletter.delivery.ledger.batches import rows
from newsletter.delivery.models import ProviderState
from newsletter.delivery.rate import Rate, take


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's row as this transaction sees it."""

    next_at: datetime | None
    blocked_until: datetime | None
    stopped_reason: str | None

    def wait(self, rate: Rate, now: datetime) -> datetime | None:
        """The moment to look again, or None where a request may go now."""
        if self.blocked_until is not None and self.blocked_until > now:
            return self.blocked_until
        return take(rate, self.next_at, now).wait_until


def provider(session: Session, key: str) -> Provider:
    """The row as it is now; where there is none yet, nothing stands in the way."""
    query = select(
        col(ProviderState.next_at), col(ProviderState.blocked_until), col(ProviderState.stopped_reason)
    ).where(col(ProviderState.key) == key)
    row = session.execute(query).one_or_none()
    return Provider(None, None, None) if row is None else Provider(*row)


def ensure(session: Session, key: str) -> None:
    """Make the row where there is none; of two who try at once, one makes it."""
    session.execute(text("INSERT INTO provider_state (key) VALUES (:key) ON CONFLICT DO NOTHING"), {"key": key})


def take_slot(session: Session, key: str, rate: Rate, now: datetime) -> datetime | None:
    """Count one request against the rate, or return the moment to look again. Taken last, so the row is held briefly.

    Compare and set: a process that took the slot meanwhile makes us look again, and there is one winner per slot.
    """
    ensure(session, key)
    for _ in range(100):
        seen = provider(session, key)
        if seen.stopped_reason is not None:
            return now
        if (wait := seen.wait(rate, now)) is not None:
            return wait
        unchanged = (
            col(ProviderState.next_at).is_(None)
            if seen.next_at is None
            else (col(ProviderState.next_at) == seen.next_at)
        )
        taken = session.execute(
            update(ProviderState)
            .where(col(ProviderState.key) == key, unchanged)
            .values(next_at=take(rate, seen.next_at, now).next_at)
        )
        if rows(taken) == 1:
            return None
    return now + rate.interval


def block(session: Session, key: str, until: datetime) -> None:
    """Nobody calls this provider before then. An earlier end never replaces a later one."""
    later = col(ProviderState.blocked_until).is_(None) | (col(ProviderState.blocked_until) < until)
    session.execute(update(ProviderState).where(col(ProviderState.key) == key, later).values(blocked_until=until))


def stop(session: Session, key: str, reason: str, now: datetime) -> bool:
    """Stop all sending until a person resumes it. True for the first to say so: one alert, not one per lane."""
    ensure(session, key)
    running = col(ProviderState.stopped_at).is_(None)
    stopped = session.execute(
        update(ProviderState)
        .where(col(ProviderState.key) == key, running)
        .values(stopped_at=now, stopped_reason=reason[:400])
    )
    return rows(stopped) == 1


def restart(session: Session, key: str) -> bool:
    """A person lets this provider be called again. False where it was not stopped."""
    stopped = col(ProviderState.stopped_at).is_not(None)
    restarted = session.execute(
        update(ProviderState)
        .where(col(ProviderState.key) == key, stopped)
        .values(stopped_at=None, stopped_reason=None, blocked_until=None)
    )
    return rows(restarted) == 1
