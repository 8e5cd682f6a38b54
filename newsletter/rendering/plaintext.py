"""Lines of a plain text mail, measured as a terminal shows them: Hangul and Han two columns, marks none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from newsletter.rendering.escaping import visible

COLUMNS = 72


def width(text: str) -> int:
    """Columns of a text."""
    return sum(map(_width, text))


def wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """The text in lines of at most 72 columns; `first` starts the first line, `rest` (default: as wide) the others.

    Lines break at spaces; a word that is wider than a line breaks where it must. Addresses don't come here.
    """
    following = " " * width(first) if rest is None else rest
    lines = list(_lines(visible(text).split(), COLUMNS - max(width(first), width(following))))
    return "\n".join((first if not n else following) + line for n, line in enumerate(lines or [""])).rstrip()


def heading(text: str) -> str:
    """A heading ruled with `=`."""
    lines = wrap(text)
    return f"{lines}\n{'=' * max(map(width, lines.splitlines() or ['']))}"


def _lines(words: list[str], room: int) -> Iterator[str]:
    line = ""
    for word in words:
        for piece in _pieces(word, room):
            if line and width(line) + 1 + width(piece) > room:
                yield line
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    if line:
        yield line


def _pieces(word: str, room: int) -> Iterator[str]:
    piece, used = "", 0
    for letter in word:
        columns = _width(letter)
        if piece and used + columns > room:
            yield piece
            piece, used = "", 0
        piece += letter
        used += columns
    if piece:
        yield piece


def _width(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
