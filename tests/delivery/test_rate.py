from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.rate import DEFAULT_BLOCK, MAX_BACKOFF, MAX_BLOCK, Rate, backoff, clamp, jitter, take

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)


@given(
    st.floats(0.5, 100), st.integers(1, 10), st.lists(st.floats(0, 0.5, allow_subnormal=False), min_size=1, max_size=80)
)
def test_no_window_sees_more_than_its_burst_and_its_share(per_second: float, burst: int, gaps: list[float]) -> None:
    rate = Rate(per_second, burst)
    taken: list[datetime] = []
    next_at, now = None, NOW
    for gap in gaps:
        now += timedelta(seconds=gap)
        slot = take(rate, next_at, now)
        if slot.wait_until is None:
            taken.append(now)
            next_at = slot.next_at
    for start in range(len(taken)):
        for end in range(start, len(taken)):
            seconds = (taken[end] - taken[start]).total_seconds()
            assert end - start + 1 <= burst + seconds * per_second + 0.01


def test_a_refused_request_is_told_the_moment_it_may_go() -> None:
    rate = Rate(10, burst=1)
    first = take(rate, None, NOW)
    second = take(rate, first.next_at, NOW)
    assert second.wait_until == NOW + timedelta(milliseconds=100)
    assert take(rate, first.next_at, second.wait_until).wait_until is None


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (None, DEFAULT_BLOCK),
        (timedelta(0), timedelta(0)),
        (timedelta(seconds=-5), timedelta(0)),
        (timedelta(seconds=30), timedelta(seconds=30)),
        (timedelta(days=11_574), MAX_BLOCK),
    ],
)
def test_a_provider_is_heeded_within_reason(asked: timedelta | None, waits: timedelta) -> None:
    """R-30."""
    assert clamp(None if asked is None else NOW + asked, NOW) == NOW + waits


@given(st.integers(0, 1000), st.floats(0, 1))
def test_backing_off_grows_to_a_limit_and_is_spread(attempts: int, spread: float) -> None:
    wait = backoff(attempts, spread)
    assert timedelta(0) < wait <= MAX_BACKOFF
    assert wait >= backoff(attempts, 0)
    assert backoff(attempts + 1, spread) >= wait


@given(st.binary(min_size=16, max_size=16))
def test_jitter_is_taken_from_the_attempt_itself(raw: bytes) -> None:
    assert 0 <= jitter(raw.hex()) <= 1
    assert jitter(raw.hex()) == jitter(raw.hex())
