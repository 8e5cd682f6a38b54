"""The one place that asks the machine for the time; everything else gets a `Clock` passed in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Now, and a clock that no wall-time jump moves."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def elapsed(self) -> float:
        """Seconds since the machine started, counted through suspend where the system offers that."""
        ...


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the one place

    def elapsed(self) -> float:
        """Boot-time seconds: the monotonic clock stops while a laptop sleeps, this one does not (Linux)."""
        boot = getattr(time, "CLOCK_BOOTTIME", None)
        return time.clock_gettime(boot) if boot is not None else time.monotonic()


class SteppedClock:
    """A clock for tests and demonstrations: it stands until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The moment it was last moved to."""
        return self._now

    def elapsed(self) -> float:
        """Seconds it was moved forward since its start."""
        return self._elapsed

    def advance(self, step: timedelta) -> None:
        """Move forward."""
        self._now += step
        self._elapsed += step.total_seconds()
