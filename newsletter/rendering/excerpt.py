"""What of an item stands in an email: whole sentences of the source, chosen by rule, never cut.

Limits count characters with spaces. Notes and footnotes stay on the web, so their marks go too; damaged text stays
out until an editor corrects the issue.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from newsletter.issues.content import Block, Content, Item, Table
from newsletter.rendering.escaping import one_line

POINT_COUNT = 2
POINTS_LIMIT = 240
"""Characters of an article's points together."""
CARD_LIMIT = 160
"""Characters of a clipping's lead and point together."""
SAME = 0.8
"""From this share on, one text is contained in another. Repeats were seen to reach 1.0, all other points below 0.6."""
TABLE_LABELS = 2

Show = Callable[[str], str]

_FOOTNOTE_MARK = re.compile(r"(?<=[^\s*\d])\*{1,3}(?!\*)|(?<=\d)\*{1,3}(?![\d*])")
_LETTER = re.compile(r"[가-힣一-鿿ぁ-ヿ]|[^\W\d_가-힣一-鿿ぁ-ヿ]+")
# A number that is no part of a word or name (K-9, H2), maybe a range, with a unit behind it.
_FIGURE = re.compile(
    r"(?<![\w.,’'-])\d[\d,.]*(?:\s?[~∼–-]\s?\d[\d,.]*)?\s?"
    r"(?:%|‰|°\s?[CF]|[℃㎏㎎㎞㎝㎜㎚㎡㎥]|wt%|ppm|dpi|(?:[kMGTmμµn]?(?:Wh|W|V|Ah|Hz|J|g|m|l|L|B|bps)|cm|kcal|t)(?![A-Za-z])"
    r"|배|퍼센트|시간|분(?!의|야|류|석)|초|일(?!본|부|반)|주(?!요)|개월|나노|큐비트|톤|킬로|미터|[십백천만억조]*\s?"
    r"(?:달러|유로|위안|파운드|원|엔|명|개|건|대|회|곳|종|기|배|가지|세대))"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A whole paragraph, bullet or first bullet of a table row; `label` is that row's label."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class TableLine:
    """A table as one line: its caption, its first row labels, and how many rows it has."""

    caption: str
    labels: tuple[str, ...]
    row_count: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What one item says in full form, besides title, chips and source."""

    summary: str
    points: tuple[Point, ...] = ()
    tables: tuple[TableLine, ...] = ()

    def letters(self) -> int:
        """Letters to read here: the running text. Titles, chips and captions are scanned, not read."""
        return letters(self.summary) + sum(letters(point.text) for point in self.points)


def excerpt(item: Item, damaged: Iterable[str] = ()) -> Excerpt:
    """The excerpt of an item. `damaged` holds texts that must not be shown, as they stand in the content."""
    show = _shower(item, damaged)
    return _card(item, show) if item.kind == "clipping" else _article(item, show)


def damaged_texts(content: Content, item_id: str) -> tuple[str, ...]:
    """The damaged texts of an item, from the warnings of the import."""
    found = (w.text for w in content.warnings if w.code == "damaged-text" and w.item == item_id)
    return tuple(text for text in found if text)


def letters(text: str) -> int:
    """How many letters a text has to a reader of Korean: syllables, Han and kana one each, a Latin word one."""
    return len(_LETTER.findall(text))


def share(text: str, of: str) -> float:
    """Which share of the pairs of letters of `text` is found in `of`; 0.0 for a text without pairs."""
    pairs, there = _pairs(text), _pairs(of)
    total = pairs.total()
    return (pairs & there).total() / total if total else 0.0


def has_figure(text: str) -> bool:
    """Whether a number with its unit stands in the text."""
    return _FIGURE.search(text) is not None


def _article(item: Item, show: Show) -> Excerpt:
    blocks = [block for block in item.body if isinstance(block, Block)]
    tables = [table for table in item.body if isinstance(table, Table)]
    first = next((block for block in blocks if block.kind == "paragraph"), None)
    opening = show(first.text) if first else ""
    summary = show(item.summary)
    if opening and (not summary or share(summary, opening) >= SAME):
        summary = opening
    texts = (show(b.text) for b in blocks if b is not first and b.kind in {"paragraph", "bullet"})
    points = tuple(_within(POINTS_LIMIT, (Point(text) for text in texts if text and share(text, summary) < SAME)))
    if not points and tables:
        points = tuple(_within(POINTS_LIMIT, _row_points(tables[0], show)))
    return Excerpt(summary, points, tuple(_table_line(table, show) for table in tables))


def _card(item: Item, show: Show) -> Excerpt:
    texts = [show(b.text) for b in item.body if isinstance(b, Block) and b.kind in {"paragraph", "bullet"}]
    lead, *points = texts or [""]
    lead = lead or show(item.summary)
    fitting = [text for text in points if text and len(lead) + len(text) <= CARD_LIMIT and share(text, lead) < SAME]
    point = next(filter(has_figure, fitting), fitting[0] if fitting else None)
    return Excerpt(lead, (Point(point),) if point else ())


def _within(limit: int, points: Iterable[Point]) -> Iterator[Point]:
    """Points from the top, at most two; the one that would pass the limit ends it."""
    room = limit
    for _, point in zip(range(POINT_COUNT), points, strict=False):
        room -= len(point.text)
        if room < 0:
            return
        yield point


def _row_points(table: Table, show: Show) -> Iterator[Point]:
    for row in table.rows:
        blocks = (block for cell in row.cells for block in cell if block.kind in {"paragraph", "bullet"})
        text = next((shown for block in blocks if (shown := show(block.text))), "")
        if text:
            yield Point(text, _label(row.labels, show))


def _table_line(table: Table, show: Show) -> TableLine:
    labels = (_label(row.labels, show) for row in table.rows)
    return TableLine(show(table.caption), tuple(filter(None, labels))[:TABLE_LABELS], len(table.rows))


def _label(labels: Sequence[str], show: Show) -> str:
    return " · ".join(filter(None, (show(label) for label in labels)))


def _shower(item: Item, damaged: Iterable[str]) -> Show:
    """How texts of this item are shown: as one line, nothing where damaged, without the marks of its footnotes."""
    bad = frozenset(map(one_line, damaged))
    has_footnotes = any(block.kind == "footnote" for block in item.blocks())

    def show(text: str) -> str:
        line = one_line(text)
        if line in bad:
            return ""
        return _FOOTNOTE_MARK.sub("", line) if has_footnotes else line

    return show


def _pairs(text: str) -> Counter[str]:
    run = "".join(filter(str.isalnum, text))
    return Counter(map("".join, pairwise(run)))
