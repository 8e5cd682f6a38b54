from __future__ import annotations

from datetime import UTC, datetime, timedelta

from newsletter.kit.clock import SteppedClock, SystemClock


def test_the_system_clock_is_aware_and_its_elapsed_time_never_falls() -> None:
    clock = SystemClock()
    first = clock.elapsed()
    assert clock.now().tzinfo is UTC
    assert clock.elapsed() >= first


def test_a_stepped_clock_moves_both_its_hands() -> None:
    clock = SteppedClock(datetime(2026, 9, 1, tzinfo=UTC))
    clock.advance(timedelta(minutes=2))
    assert clock.now() == datetime(2026, 9, 1, 0, 2, tzinfo=UTC)
    assert clock.elapsed() == 120
