"""Lines of a plain text mail, measured as a terminal shows them: Hangul and Han two columns, marks none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

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
    line: list[str] = []
    used = 0
    for word in words:
        for piece, columns in _pieces(word, room):
            if line and used + 1 + columns > room:
                yield " ".join(line)
                line, used = [], 0
            used += columns + bool(line)
            line.append(piece)
    if line:
        yield " ".join(line)


def _pieces(word: str, room: int) -> Iterator[tuple[str, int]]:
    """The word, or where it is wider than a line its parts, each with its columns."""
    columns = width(word)
    if columns <= room:
        yield word, columns
        return
    start, used = 0, 0
    for n, letter in enumerate(word):
        step = _width(letter)
        if used + step > room:
            yield word[start:n], used
            start, used = n, 0
        used += step
    yield word[start:], used


@lru_cache(maxsize=20_000)
def _width(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
