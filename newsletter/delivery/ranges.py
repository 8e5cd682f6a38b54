"""Positions and their division into batches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Range(Generic[Key]):
    """Positions `first` to `last`, both included, and what its readers share."""

    key: Key
    first: int
    last: int


def cut(groups: Iterable[tuple[Key, int]], size: int) -> Iterator[Range[Key]]:
    """Consecutive groups of (key, number of readers) as ranges of at most `size`, from position 1 without a gap."""
    first = 1
    for key, count in groups:
        end = first + count
        for start in range(first, end, size):
            yield Range(key, start, min(start + size, end) - 1)
        first = end


def halves(first: int, last: int, positions: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two ranges that cover first…last, each with half of the readers who are still in it.

    `positions` are those readers', in order, at least two: so each half has one, and bisecting ends.
    """
    if len(positions) < 2:
        raise ValueError("a range with fewer than two readers can't be halved")
    border = positions[len(positions) // 2]
    return (first, border - 1), (border, last)


def pieces(first: int, last: int, size: int) -> list[tuple[int, int]]:
    """Ranges of at most `size` positions that cover first…last."""
    return [(start, min(start + size - 1, last)) for start in range(first, last + 1, size)]
