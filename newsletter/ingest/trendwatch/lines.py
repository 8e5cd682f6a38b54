"""Lines of extracted text, and how wide they stand.

White space is evidence in this layout: leading spaces tell the level, a trailing space tells that a word ended at
the line's end, a blank line tells body text from notes. So it is measured once here, before anything is stripped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import east_asian_width

_WIDEST = 300
"""No line of a page has more letters; a longer one is no wider for our purposes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that holds a letter."""

    number: int
    """In the source text, from 1."""
    text: str
    """Without white space at its ends."""
    indent: int
    """Leading spaces, less the one that a page break adds."""
    trailing: bool
    """A space stands at its end: the next word starts on the next line."""
    gap: bool
    """A blank line stands before it."""
    fresh: bool
    """It is the first line of a page."""

    @property
    def letters(self) -> str:
        """Its text without any white space."""
        return squash(self.text)


def scan(text: str) -> Iterator[Line]:
    """All lines that hold a letter. Line ends may be LF, CRLF or CR."""
    gap = False
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        stripped = raw.strip()
        if not stripped:
            gap = True
            continue
        indent = len(raw) - len(raw.lstrip())
        fresh = indent % 2 == 1  # levels are even; the odd space is the page break's
        yield Line(number, stripped, indent - fresh, raw[-1].isspace(), gap, fresh)
        gap = False


def squash(text: str) -> str:
    """`text` without any white space: how titles are compared, and what counts as its letters."""
    return "".join(text.split())


def width(text: str) -> float:
    """How wide `text` stands in a proportional Korean face, in half em: Hangul 2, Latin about 1.1, a space 0.6."""
    return sum(0.6 if c == " " else 2.0 if east_asian_width(c) in "WF" else 1.1 for c in text[:_WIDEST])


def head_of(text: str, letters: int) -> str:
    """The shortest start of `text` that holds that many letters (white space not counted)."""
    if letters <= 0:
        return ""
    for place, character in enumerate(text, start=1):
        letters -= not character.isspace()
        if letters <= 0:
            return text[:place]
    return text
