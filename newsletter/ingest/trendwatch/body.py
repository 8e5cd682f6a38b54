"""The body pages, divided into articles and the clipping table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.errors import NotAnIssue
from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.headings import Heading, Headings
from newsletter.ingest.trendwatch.lines import Line
from newsletter.ingest.trendwatch.marks import is_bare, mark_of
from newsletter.ingest.trendwatch.pages import is_clipping_head
from newsletter.ingest.trendwatch.summary import MAX_ITEMS


@dataclass(slots=True)
class Chunk:
    """The lines below one heading, or those of the clipping table (`heading` is `None`)."""

    heading: Heading | None
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Divider:
    """Divides the body's lines. `names`: the letters of all section titles; `heads`: see `Pages`."""

    headings: Headings
    names: frozenset[str]
    heads: frozenset[int]
    account: Account
    chunks: list[Chunk] = field(default_factory=list)

    def divide(self, lines: Sequence[Line]) -> list[Chunk]:
        """All chunks in order. A line before the first heading stays unclaimed, and so is warned about."""
        place = 0
        while place < len(lines):
            place = self._step(lines, place)
        return self.chunks

    def _step(self, lines: Sequence[Line], place: int) -> int:
        line = lines[place]
        if is_clipping_head(line):
            self._clipping_head(line)
        elif self._is_running_head(lines, place):
            self.account.furniture(line, line.text, "section head")
        else:
            return self._heading_or_text(lines, place)
        return place + 1

    def _heading_or_text(self, lines: Sequence[Line], place: int) -> int:
        heading = self.headings.find(lines, place, after_end=self._is_after_end())
        if heading is None:
            if self.chunks:
                self.chunks[-1].lines.append(lines[place])
            return place + 1
        self._begin(Chunk(heading))
        return place + len(heading.lines)

    def _begin(self, chunk: Chunk) -> None:
        if len(self.chunks) >= MAX_ITEMS:
            raise NotAnIssue(f"This text is not an issue: its body has more than {MAX_ITEMS} articles.")
        self.chunks.append(chunk)

    def _clipping_head(self, line: Line) -> None:
        self.account.furniture(line, line.text, "table head")
        if not self.chunks or self.chunks[-1].heading:
            self._begin(Chunk(None))

    def _is_running_head(self, lines: Sequence[Line], place: int) -> bool:
        """A section's name above a page mark, or above the first heading of its section."""
        line = lines[place]
        if line.letters not in self.names:
            return line.number in self.heads and line.letters == "요약"
        following = lines[place + 1] if place + 1 < len(lines) else None
        return (
            line.number in self.heads
            or following is None
            or is_clipping_head(following)
            or following.letters in self.names
            or self.headings.stands_at(lines, place + 1)
        )

    def _is_after_end(self) -> bool:
        """The article above is complete: its reference, or the start of the body, stands right before this line."""
        if not self.chunks:
            return True
        above = self.chunks[-1]
        return above.heading is not None and self._ends_reference(above.lines)

    @staticmethod
    def _ends_reference(lines: Sequence[Line]) -> bool:
        """The last lines are a reference, closed."""
        if not lines or not lines[-1].text.endswith((")", "）")):
            return False
        for line in reversed(lines[-4:]):
            if mark_of(line).kind == "reference":
                return True
            if not is_bare(line):
                return False
        return False
