"""Where each article starts in the body.

Section heads mostly stand in the summary alone, so an article is found by its title, with all white space removed.
A title that differs from the summary's is still a heading when its source stands behind it and nothing else does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.ingest.trendwatch.lines import Line, squash
from newsletter.ingest.trendwatch.marks import is_bare
from newsletter.ingest.trendwatch.runs import join_label
from newsletter.ingest.trendwatch.sources import Tail, split_tail
from newsletter.ingest.trendwatch.summary import Entry

_MOST_LINES = 3
_LONGEST = 200
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading in the body, and the summary's entry it belongs to; `None` where the summary has none."""

    entry: Entry | None
    title: str
    tail: Tail | None
    lines: tuple[Line, ...]

    @property
    def is_renamed(self) -> bool:
        """The summary has another title."""
        return self.entry is not None and squash(self.title) != self.entry.letters


class Headings:
    """The titles that were not met yet."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._open = {entry.letters: entry for entry in entries}
        self._starts = {letters[:4] for letters in self._open}

    def stands_at(self, lines: Sequence[Line], place: int) -> bool:
        """A title that the summary has stands there."""
        return lines[place].letters[:4] in self._starts and self._known(lines, place) is not None

    def find(self, lines: Sequence[Line], place: int, *, after_end: bool) -> Heading | None:
        """The heading that starts at `place`. `after_end`: an article may begin here (the one before is complete)."""
        if not is_bare(lines[place]):
            return None
        known = self._known(lines, place) if lines[place].letters[:4] in self._starts else None
        found = known or (self._shaped(lines[place]) if after_end else None)
        if found and found.entry:
            self._open.pop(found.entry.letters, None)
        return found

    def _known(self, lines: Sequence[Line], place: int) -> Heading | None:
        taken: list[Line] = []
        for line in lines[place : place + _MOST_LINES]:
            if not is_bare(line):
                break
            taken.append(line)
            printed = join_label([part.text for part in taken])
            if len(printed) > _LONGEST:
                break
            title, tail = split_tail(printed)
            entry = self._open.get(squash(title))
            if entry and (tail or not self._tail_follows(lines, place + len(taken))):
                return Heading(entry, title, tail, tuple(taken))
        return None

    @staticmethod
    def _tail_follows(lines: Sequence[Line], place: int) -> bool:
        """The source was broken off the title: it stands alone on the next line."""
        return place < len(lines) and split_tail(lines[place].text)[0] == ""

    def _shaped(self, line: Line) -> Heading | None:
        """`title (source)` on one line: an entry with a title much like it, else an article the summary lacks."""
        title, tail = split_tail(line.text) if len(line.text) <= _LONGEST else ("", None)
        if tail is None or not title:
            return None
        best = max(self._open.values(), key=lambda entry: likeness(entry.letters, squash(title)), default=None)
        if best and likeness(best.letters, squash(title)) < _ALIKE:
            best = None
        return Heading(best, title, tail, (line,))


def likeness(one: str, other: str) -> float:
    """How alike two texts are, 0 to 1: the share of pairs of neighbouring letters that they have in common."""
    pairs, others = Counter(pairwise(one)), Counter(pairwise(other))
    total = pairs.total() + others.total()
    return 2 * (pairs & others).total() / total if total else 0.0
