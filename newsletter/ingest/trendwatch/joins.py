"""Whether a line goes on with the text above it, and what stands between them.

A trailing space says: the word ended here, the text goes on. Without one the line broke inside a word, or the
text ended. A break inside a word happens only at the right edge, so a short line has ended; at the edge, the
words themselves and the rest of the issue decide, and a `join-guessed` warning says so where they can't.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal

from newsletter.ingest.trendwatch.lines import Line, width
from newsletter.ingest.trendwatch.marks import is_bare
from newsletter.ingest.trendwatch.runs import Run

Verdict = Literal["on", "ends"]

_FULL = 0.85
"""A line at least this wide, against the usual one, may have broken inside a word."""
_SHORT = 0.5
"""A line up to this wide did not break at the edge, even with a trailing space."""
_PARTICLE = re.compile(
    r"(?:하[고며는여였지]|했|되[고어며는지]|된|됐|될|으로|에서|에게|까지|부터|이며|이고|적[이인으])"
    r"|(?:을|를|은|는|이|가|의|에|로|와|과|도|만|다|고|며|함|됨|임)(?![가-힣])"
)
_LABEL = re.compile(r"[(（][^()（）]{1,60}[)）](?=\S)")
_HANGUL_END = re.compile(r"[가-힣]{1,12}$")
_HANGUL_START = re.compile(r"[가-힣]{1,12}")
_OPENERS, _CLOSERS = "(（「『[〈《", ")）」』]〉》"


@dataclass(slots=True)
class Evidence:
    """The whole text, asked whether two parts of a word stand together elsewhere."""

    source: str
    questions: int = 400
    """How many it answers: each reads the whole text, and a file that breaks more words is no issue."""

    def _has(self, words: str) -> bool:
        self.questions -= 1
        return self.questions >= 0 and words in self.source

    def joined(self, tail: str, head: str) -> bool:
        """They stand elsewhere as one word."""
        end, start = _HANGUL_END.search(tail[-12:]), _HANGUL_START.match(head)
        probe = end[0][-6:] + start[0][:2] if end and start else ""
        return len(probe) >= 3 and self._has(probe)

    def apart(self, tail: str, head: str) -> bool:
        """They stand elsewhere as two words."""
        end, start = _HANGUL_END.search(tail[-12:]), _HANGUL_START.match(head)
        probe = f" {end[0]} {start[0]} " if end and start else ""
        return len(probe) >= 6 and self._has(probe)


@dataclass(frozen=True, slots=True)
class Columns:
    """The usual width of a full line of body text and of notes, in one part of the issue."""

    body: float
    note: float

    def usual(self, run: Run) -> float:
        """The one that this run is set in."""
        return self.note if run.is_note else self.body


def measure(lines: Sequence[Line], usual: Columns) -> Columns:
    """Widths as this part of the issue has them; `usual` where it has too few lines to tell."""
    body: list[float] = []
    note: list[float] = []
    for line, after in pairwise(lines):
        if line.trailing and is_bare(after) and width(line.text) > usual.body * _SHORT:
            (body if after.gap else note).append(width(line.text))
    return Columns(
        median(body) if len(body) > 4 else usual.body,
        median(note) if len(note) > 4 else usual.note,
    )


@dataclass(frozen=True, slots=True)
class Seam:
    """The verdict on one line: does the run go on, with what between, and was it a guess?"""

    verdict: Verdict
    between: str = ""
    is_guess: bool = False


_ENDS = Seam("ends")


@dataclass(frozen=True, slots=True)
class Joiner:
    """Decides seams for one part of the issue."""

    columns: Columns
    evidence: Evidence
    cell: bool = field(default=False)
    """In a cell a bare line that is no label can only go on; in the body it may be a new paragraph."""

    def seam(self, run: Run, line: Line) -> Seam:
        """Does this bare line go on with the run?"""
        if run.is_note:
            goes_on = not line.gap or (line.fresh and run.last.trailing)
            return self.between(run, line) if goes_on else _ENDS
        if line.indent >= 2:
            return _ENDS
        if run.last.trailing:
            return self._after_space(run)
        return self._at_the_edge(run, line) if self.is_full(run) else _ENDS

    def _after_space(self, run: Run) -> Seam:
        """The text goes on. A short line says otherwise: a doubt in the body; in a cell, what stands ahead decides."""
        is_short = run.last_width <= _SHORT * self.columns.usual(run)
        return Seam("ends") if is_short and self.cell else Seam("on", " ", is_guess=is_short)

    def is_sure(self, run: Run, line: Line) -> bool:
        """The run goes on with this line even if something else may stand ahead."""
        if run.last.trailing:
            return True
        return self.is_full(run) and (run.is_note or self.is_inside_a_word(run, line))

    def is_full(self, run: Run) -> bool:
        """Its last line reaches the right edge."""
        return run.last_width >= _FULL * self.columns.usual(run)

    def _at_the_edge(self, run: Run, line: Line) -> Seam:
        if self.is_inside_a_word(run, line):
            return self.between(run, line)
        opens = line.text[0] in "「『‘“▲[〈《" or (line.text[0] in "(（" and _LABEL.match(line.text) is None)
        if opens or (run.kind == "bullet" and not self.cell):
            return Seam("ends", is_guess=True)
        return self.between(run, line)

    def is_inside_a_word(self, run: Run, line: Line) -> bool:
        """The words leave no doubt: a particle stands first, a bracket is open, or the word is known."""
        return (
            _PARTICLE.match(line.text) is not None
            or _is_open(run.tail)
            or run.tail.endswith("·")
            or self.evidence.joined(run.tail, line.text)
        )

    def between(self, run: Run, line: Line) -> Seam:
        """What stands between the run and a line that goes on with it."""
        if run.last.trailing:
            return Seam("on", " ")
        if self.is_inside_a_word(run, line):
            return Seam("on")
        latin = run.tail[-1].isascii() and run.tail[-1].isalnum() and line.text[0].isascii() and line.text[0].isalnum()
        apart = latin or self.evidence.apart(run.tail, line.text)
        return Seam("on", " " if apart else "", is_guess=True)


def _is_open(text: str) -> bool:
    """A bracket opened in this line and not yet closed."""
    depth = 0
    for character in text:
        depth = max(depth + (character in _OPENERS) - (character in _CLOSERS), 0)
    return depth > 0
