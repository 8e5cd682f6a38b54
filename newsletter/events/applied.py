"""What became of the events of some posts, counted so that the numbers add up."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Applied:
    """`events` is the sum of `new`, `repeated`, `ignored`, `unknown`, `unmeasured`, `late` and `quarantined`."""

    posts: int = 0
    failed_posts: int = 0
    """Left waiting: applying them failed as a whole."""
    events: int = 0
    new: int = 0
    repeated: int = 0
    ignored: int = 0
    """Of a type that means nothing to us."""
    unknown: int = 0
    """About nobody we know."""
    unmeasured: int = 0
    """An open or click of a reader who does not agree (any more) to be followed: dropped, nothing stored."""
    late: int = 0
    """Older than the memory that tells repeats."""
    quarantined: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(*(getattr(self, name) + getattr(other, name) for name in _NAMES))


_NAMES = tuple(part.name for part in fields(Applied))
