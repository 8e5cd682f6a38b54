"""An item's body in the shape that HTML has: nested lists, and tables with spans. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Literal

from newsletter.issues.content import Block, Row, Table


@dataclass(slots=True)
class Point:
    """A bullet with what stands under it."""

    text: str
    children: list[Point] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Points:
    """Neighbouring bullets, as one list."""

    points: tuple[Point, ...]
    kind: Literal["points"] = "points"


@dataclass(frozen=True, slots=True)
class Aside:
    """A note or footnote with the mark that the source's layout gives it: the content holds the words alone."""

    mark: str
    text: str
    kind: Literal["aside"] = "aside"


@dataclass(frozen=True, slots=True)
class Label:
    """A head cell of a row."""

    text: str
    columns: int = 1
    rows: int = 1


Part = Block | Points | Aside


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its head cells (those that an earlier row's span covers are left out) and its other cells."""

    labels: tuple[Label, ...]
    cells: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that fits: every line is as wide as the head."""

    caption: str
    head: tuple[Label, ...]
    lines: tuple[Line, ...]
    kind: Literal["grid"] = "grid"

    @property
    def is_broad(self) -> bool:
        """Too many columns for a phone: there it scrolls by itself."""
        return sum(label.columns for label in self.head) > 2


def prose(body: Iterable[Block | Table]) -> list[Part | Grid]:
    """A whole body in order."""
    return [part for kind, run in groupby(body, lambda part: part.kind) for part in _run(kind, list(run))]


def _run(kind: str, run: Sequence[Block | Table]) -> Iterable[Part | Grid]:
    """Neighbours of one kind. Footnotes that follow each other have one star more each."""
    if kind == "table":
        return [grid(part) for part in run if isinstance(part, Table)]
    blocks = [part for part in run if isinstance(part, Block)]
    if kind == "bullet":
        return [Points(tuple(_tree(blocks)))]
    if kind == "note":
        return [Aside("※", block.text) for block in blocks]
    if kind == "footnote":
        return [Aside("*" * number, block.text.lstrip("*").lstrip()) for number, block in enumerate(blocks, 1)]
    return blocks


def _tree(run: Sequence[Block]) -> list[Point]:
    """Nested by level; a point deeper than any before it hangs under the last one."""
    top: list[Point] = []
    open_points: list[tuple[int, Point]] = []
    for block in run:
        point = Point(block.text)
        while open_points and open_points[-1][0] >= block.level:
            open_points.pop()
        (open_points[-1][1].children if open_points else top).append(point)
        open_points.append((block.level, point))
    return top


def grid(table: Table) -> Grid:
    """A table with its spans: the label column as wide as its deepest label, equal outer labels as one cell."""
    depth = max((len(row.labels) for row in table.rows), default=1) or 1
    width = max((len(row.cells) for row in table.rows), default=max(0, len(table.columns) - 1))
    titles = [*table.columns[1:], *[""] * width][:width]
    head = (Label(table.columns[0] if table.columns else "", depth), *(Label(title) for title in titles))
    return Grid(table.caption, head, tuple(_lines(table.rows, depth, width)))


def _lines(rows: Sequence[Row], depth: int, width: int) -> Iterable[Line]:
    for number, row in enumerate(rows):
        cells = [tuple(_cell(cell)) for cell in row.cells]
        yield Line(tuple(_labels(rows, number, depth)), (*cells, *[()] * (width - len(cells))))


def _labels(rows: Sequence[Row], number: int, depth: int) -> Iterable[Label]:
    labels = rows[number].labels or ("",)
    *outer, last = labels
    for level, text in enumerate(outer):
        if not (number and _shares(rows[number - 1], rows[number], level)):
            yield Label(text, rows=_span(rows, number, level))
    yield Label(last, columns=depth - len(outer))


def _span(rows: Sequence[Row], number: int, level: int) -> int:
    count = 1
    while number + count < len(rows) and _shares(rows[number + count - 1], rows[number + count], level):
        count += 1
    return count


def _shares(one: Row, other: Row, level: int) -> bool:
    """Whether two neighbours stand under the same outer label of that level."""
    both = zip_longest(one.labels[: level + 1], other.labels[: level + 1])
    return min(len(one.labels), len(other.labels)) > level + 1 and all(left == right for left, right in both)


def _cell(blocks: Sequence[Block]) -> list[Part]:
    return [part for part in prose(blocks) if not isinstance(part, Grid)]
