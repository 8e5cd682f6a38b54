"""The content of an issue: a frozen value, independent of the database.

All text is the source's own, to the letter. `content_json` writes and reads it as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["paragraph", "bullet", "note", "footnote"]
ItemKind = Literal["article", "clipping"]
Form = Literal["full", "line"]
"""How an item stands in one email: whole, or as its linked title."""


@dataclass(frozen=True, slots=True)
class Block:
    """One run of text, without its sign. `level` 0 is outermost; a deeper point has a larger level.

    A footnote's level counts its stars: 0 for `*`, 1 for `**`.
    """

    kind: BlockKind
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its labels from outer to inner, and the blocks of each further column."""

    labels: tuple[str, ...]
    cells: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A captioned table; `columns` holds its head, the label column first."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Source:
    """Where an item comes from. `date` is `YYYY-MM-DD`, or `YYYY-MM` where only the month is known."""

    country: str | None = None
    """The mark as printed, such as 美."""
    organisation: str = ""
    date: str | None = None
    date_text: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the publication; `key` is what subscriptions remember."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Item:
    """An article or a clipping. `id` is stable across re-imports and corrections of the same issue."""

    id: str
    kind: ItemKind
    section: str
    title: str
    summary: str = ""
    page: int | None = None
    categories: tuple[str, ...] = ()
    suggested_categories: tuple[str, ...] = ()
    source: Source = field(default_factory=Source)
    reference: str = ""
    body: tuple[Block | Table, ...] = ()

    def blocks(self) -> Iterator[Block]:
        """Every block of the body in order, those in table cells too."""
        for part in self.body:
            if isinstance(part, Block):
                yield part
            else:
                yield from (block for row in part.rows for cell in row.cells for block in cell)


@dataclass(frozen=True, slots=True)
class Placement:
    """An item as it stands in one email."""

    item: str
    form: Form


@dataclass(frozen=True, slots=True)
class SourceWarning:
    """Something a person should look at. `line` is the line of the source text, from 1.

    `text` is what a `damaged-text` warning is about, to the letter as the item holds it: emails leave it out.
    """

    code: str
    message: str
    item: str | None = None
    line: int | None = None
    text: str | None = None
    """The block's whole text, where the warning is about one block of the item."""


@dataclass(frozen=True, slots=True)
class Content:
    """One issue of a publication."""

    publication: str
    year: int
    number: int
    published_on: str | None = None
    note: str | None = None
    sections: tuple[Section, ...] = ()
    items: tuple[Item, ...] = ()
    warnings: tuple[SourceWarning, ...] = ()

    @property
    def key(self) -> str:
        """How people name this issue, such as `2023-23`."""
        return f"{self.year}-{self.number:02d}"

    def item(self, item_id: str) -> Item:
        """The item with that id, or `KeyError`."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    def in_section(self, key: str) -> Iterator[Item]:
        """Items of one section, in issue order."""
        return (item for item in self.items if item.section == key)
