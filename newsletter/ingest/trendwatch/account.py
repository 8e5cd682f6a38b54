"""The account of every letter: what became of each piece of each line.

The parser claims each piece as content or as furniture. What nobody claimed is a warning, so nothing of the
input can be dropped in silence, not even by a fault in the parser.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from newsletter.ingest.trendwatch.lines import Line, squash
from newsletter.issues.content import SourceWarning

Fate = Literal["content", "furniture", "warning"]

MAX_WARNINGS = 1000
"""A file with more is no issue that a person could correct; the rest is counted in one last warning."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of one line, without white space. `place` is the item's id, or what kind of furniture it is."""

    line: int
    letters: str
    fate: Fate
    place: str


@dataclass(slots=True)
class Account:
    """Collects the fates and the warnings of one parse."""

    segments: list[Segment] = field(default_factory=list)
    warnings: list[SourceWarning] = field(default_factory=list)

    def content(self, line: Line, text: str, place: str) -> None:
        """`text` of this line stands in the content."""
        if text:
            self.segments.append(Segment(line.number, squash(text), "content", place))

    def furniture(self, line: Line, text: str, what: str) -> None:
        """`text` of this line carries form, not content: a page mark, a table's head, the sign of a point."""
        if text:
            self.segments.append(Segment(line.number, squash(text), "furniture", what))

    def warn(
        self, code: str, message: str, *, line: int | None = None, item: str | None = None, text: str | None = None
    ) -> None:
        """Something a person should look at."""
        self.warnings.append(SourceWarning(code, message, item, line, text))

    def told(self, line: Line, text: str) -> None:
        """`text` of this line stands in a warning and nowhere else."""
        if text:
            self.segments.append(Segment(line.number, squash(text), "warning", ""))

    def settle(self, lines: Iterable[Line]) -> None:
        """Warn of every letter that nobody claimed."""
        claimed: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for segment in self.segments:
            claimed[segment.line].update(segment.letters)
        for line in lines:
            left = Counter(line.letters) - claimed[line.number]
            if left:
                self._unplaced(line, "".join(left.elements()))
        if len(self.warnings) > MAX_WARNINGS:
            more = len(self.warnings) - MAX_WARNINGS
            self.warnings[MAX_WARNINGS:] = [SourceWarning("many-warnings", f"{more} further warnings are not listed.")]

    def _unplaced(self, line: Line, letters: str) -> None:
        self.segments.append(Segment(line.number, letters, "warning", ""))
        self.warn("unplaced-text", f"This line has no place in the issue: {line.text}", line=line.number)
