"""The signs that open a line, and what each means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from newsletter.ingest.trendwatch.lines import Line, width
from newsletter.issues.content import BlockKind

Kind = Literal["dash", "point", "note", "footnote", "reference", "caption", "bare"]

LABEL_WIDTH = 26.0
"""A label, name or source stands in a narrow column: no line of one is wider (half em)."""

_LABEL_LETTERS = 48

_SIGN = re.compile(r"(?P<dash>[-–−])\s|(?P<point>[∙•])|(?P<note>※)|(?P<footnote>\*{1,5})(?=\s|\()|(?P<caption>▘)")
_REFERENCE = re.compile(r"[(（]\s?(?:참고|출처)\s?[:：]")
_INNER_POINT = re.compile(r"\s[∙•]\s")
_BLOCKS: dict[Kind, BlockKind] = {"dash": "bullet", "point": "bullet", "note": "note", "footnote": "footnote"}


@dataclass(frozen=True, slots=True)
class Mark:
    """How a line opens: the kind of its sign, the sign, and what stands behind it."""

    kind: Kind
    sign: str
    rest: str

    @property
    def block(self) -> BlockKind:
        """The kind of block that such a line opens."""
        return _BLOCKS.get(self.kind, "paragraph")


def mark_of(line: Line) -> Mark:
    """The sign that opens this line."""
    reference = _REFERENCE.match(line.text)
    if reference:
        return Mark("reference", reference[0], line.text[reference.end() :].lstrip())
    sign = _SIGN.match(line.text)
    if sign is None or sign.lastgroup is None:
        return Mark("bare", "", line.text)
    kinds: dict[str, Kind] = {
        "dash": "dash", "point": "point", "note": "note", "footnote": "footnote", "caption": "caption"
    }  # fmt: skip
    return Mark(kinds[sign.lastgroup], sign[0].strip(), line.text[sign.end() :].lstrip())


def is_bare(line: Line) -> bool:
    """No sign opens this line."""
    return mark_of(line).kind == "bare"


def split_inner_point(line: Line) -> tuple[str, str, str] | None:
    """`label ∙ text` on one line as (label, sign, text): the label stands in its narrow column."""
    found = _INNER_POINT.search(line.text[:_LABEL_LETTERS])
    if found is None or width(line.text[: found.start()]) > LABEL_WIDTH:
        return None
    return line.text[: found.start()], found[0].strip(), line.text[found.end() :].lstrip()
