"""How fast, and when again: GCRA, back-off, a provider's own words. Pure; moments and jitter are passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MAX_BLOCK: Final = timedelta(minutes=15)
"""However long a provider asks for, we look again after this."""
DEFAULT_BLOCK: Final = timedelta(seconds=30)
"""Where a 429 names no time."""
MAX_BACKOFF: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `per_second` requests in the long run, and `burst` at once after a rest."""

    per_second: float
    burst: int = 5

    @property
    def interval(self) -> timedelta:
        """From one request to the next at full speed."""
        return timedelta(seconds=1 / self.per_second)


@dataclass(frozen=True, slots=True)
class Slot:
    """GCRA's answer: go now, leaving `next_at` behind, or wait until `wait_until`."""

    next_at: datetime
    wait_until: datetime | None = None


def take(rate: Rate, next_at: datetime | None, now: datetime) -> Slot:
    """Generic cell rate algorithm: `next_at` is the theoretical arrival time that the last request left behind."""
    arrival = max(next_at or now, now)
    earliest = arrival - rate.interval * (rate.burst - 1)
    if earliest > now:
        return Slot(arrival, wait_until=earliest)
    return Slot(arrival + rate.interval)


def clamp(until: datetime | None, now: datetime) -> datetime:
    """The moment a provider asked us to wait for: never in the past, never more than `MAX_BLOCK` ahead."""
    return now + DEFAULT_BLOCK if until is None else min(max(until, now), now + MAX_BLOCK)


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long to wait after so many vain attempts: doubling from 1 s, half of it by jitter (0–1)."""
    full = min(timedelta(seconds=2.0 ** min(attempts - 1, 16)), MAX_BACKOFF)
    return full * (0.5 + jitter / 2)


def jitter(attempt_id: str) -> float:
    """A number from 0 to 1 that spreads retries: taken from the attempt's own random id, so a replay waits alike."""
    return int(attempt_id[-8:], 16) / 0xFFFF_FFFF
