"""Chance that can be repeated (what happens to whom) and chance that can't (ids)."""

import random
from typing import Final

FRESH: Final = random.SystemRandom()
"""For ids: two runs must never give the same one."""


def drawn_for(*parts: object) -> random.Random:
    """The same parts give the same draws in every run and process."""
    return random.Random(":".join(str(part) for part in parts))  # noqa: S311 - repeatable on purpose, guards nothing


def happens(draw: random.Random, share: float) -> bool:
    """True in `share` of all draws; draws nothing when the answer is certain."""
    return share > 0 and (share >= 1 or draw.random() < share)
