"""How a thing and its floor are timed: CPU and wall differ on shared machines, so the fastest of a few runs counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of a thing, and of the least that could do its work."""

    what: str
    seconds: float
    floor: float


def once(work: Callable[[], object]) -> float:
    """Wall seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fastest(work: Callable[[], object], runs: int = 5) -> float:
    """Wall seconds of the fastest of so many runs."""
    return min(once(work) for _ in range(runs))
