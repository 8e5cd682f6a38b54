"""Lines on their way to one text.

A `Run` collects pieces of lines and the seams between them; `Text` is the result and still knows which line each
letter came from, so that a warning can name it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from newsletter.ingest.trendwatch.lines import Line, width
from newsletter.issues.content import Block, BlockKind

_NOTES: frozenset[BlockKind] = frozenset({"note", "footnote"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and where its lines start in it."""

    text: str
    starts: tuple[int, ...]
    numbers: tuple[int, ...]

    def line_at(self, offset: int) -> int:
        """Number of the source line that holds this letter."""
        return self.numbers[max(bisect_right(self.starts, offset) - 1, 0)]

    def part(self, start: int, end: int) -> Text:
        """A piece of it, stripped."""
        piece = self.text[start:end]
        start += len(piece) - len(piece.lstrip())
        kept = [(max(at - start, 0), n) for at, n in zip(self.starts, self.numbers, strict=True) if at < end]
        first = max(bisect_right(self.starts, start) - 1, 0)
        return Text(piece.strip(), tuple(at for at, _ in kept[first:]), tuple(n for _, n in kept[first:]))


@dataclass(slots=True)
class Run:
    """One text in the making. `level` and `kind` are those of the block it becomes."""

    kind: BlockKind
    level: int
    pieces: list[tuple[str, Line]] = field(default_factory=list)
    seams: list[str] = field(default_factory=list)

    def add(self, text: str, line: Line, seam: str = "") -> None:
        """The next piece, and what stands between it and the one before."""
        if self.pieces:
            self.seams.append(seam)
        self.pieces.append((text, line))

    @property
    def is_note(self) -> bool:
        """Notes and footnotes are set small and wide, without blank lines between their lines."""
        return self.kind in _NOTES

    @property
    def last(self) -> Line:
        """The line it ends with, so far."""
        return self.pieces[-1][1]

    @property
    def last_width(self) -> float:
        """How wide its last line stands, with its sign."""
        return width(self.last.text)

    @property
    def tail(self) -> str:
        """What its last line gave."""
        return self.pieces[-1][0]

    def text(self) -> Text:
        """All pieces joined."""
        out, starts = "", []
        for place, (piece, _) in enumerate(self.pieces):
            out += self.seams[place - 1] if place else ""
            starts.append(len(out))
            out += piece
        return Text(out, tuple(starts), tuple(line.number for _, line in self.pieces))


def split_footnotes(run: Run) -> list[tuple[Block, Text]]:
    """`* … ** … *** …` on one line are as many footnotes: one more star opens the next. Their level counts stars."""
    whole, parts, start, stars = run.text(), [], 0, run.level + 1
    for found in re.finditer(r"(?<=\s)\*{2,5}(?=\s)", whole.text):
        if len(found[0]) == stars + 1:
            parts.append((stars, whole.part(start, found.start())))
            start, stars = found.end(), stars + 1
    parts.append((stars, whole.part(start, len(whole.text))))
    return [(Block("footnote", count - 1, part.text), part) for count, part in parts]


def join_label(pieces: list[str]) -> str:
    """Labels, names and sources: one space at a break, none after `·`."""
    out = ""
    for piece in pieces:
        out += piece if not out or out.endswith("·") else f" {piece}"
    return out
