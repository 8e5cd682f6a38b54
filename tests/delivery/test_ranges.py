from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.ranges import cut, halves, pieces


@given(st.lists(st.integers(1, 300), max_size=20), st.integers(1, 250))
def test_batches_tile_the_positions_and_never_mix_groups(counts: list[int], size: int) -> None:
    ranges = list(cut(enumerate(counts), size))
    assert [position for one in ranges for position in range(one.first, one.last + 1)] == list(
        range(1, sum(counts) + 1)
    )
    assert all(one.last - one.first < size for one in ranges)
    assert len(ranges) == sum(-(-count // size) for count in counts)
    for key, count in enumerate(counts):
        assert sum(one.last - one.first + 1 for one in ranges if one.key == key) == count


@given(st.sets(st.integers(1, 400), min_size=2), st.integers(0, 5), st.integers(0, 5))
def test_halves_cover_the_range_and_each_has_readers(readers: set[int], before: int, after: int) -> None:
    positions = sorted(readers)
    first, last = max(positions[0] - before, 1), positions[-1] + after
    (a, b), (c, d) = halves(first, last, positions)
    assert (a, d) == (first, last)
    assert c == b + 1
    left = sum(a <= one <= b for one in positions)
    assert abs(len(positions) - 2 * left) <= 1
    assert left >= 1


def test_one_reader_can_not_be_halved() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        halves(1, 9, [4])


@given(st.integers(1, 50), st.integers(0, 500), st.integers(1, 60))
def test_pieces_tile_the_range(first: int, length: int, size: int) -> None:
    found = pieces(first, first + length, size)
    assert [position for a, b in found for position in range(a, b + 1)] == list(range(first, first + length + 1))
    assert all(b - a < size for a, b in found)
