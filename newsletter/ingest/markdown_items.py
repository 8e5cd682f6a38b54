"""The body of the Markdown form, line by line: sections, items, their particulars, blocks and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date

from newsletter.errors import NotAnIssue
from newsletter.ingest.markdown_tables import TableLines
from newsletter.ingest.trendwatch.sections import CLIPPING, derive, find_known
from newsletter.ingest.trendwatch.sources import split_country
from newsletter.issues.content import Block, Item, Section, Source, Table

MAX_ITEMS = 200
_LONGEST_KEY = 32

_HEADING = re.compile(r"(#{1,2})\s+(\S.*)")
_ID = re.compile(r"\{#([A-Za-z0-9][A-Za-z0-9_-]{0,39})\}\Z")
_FACT = re.compile(r"([a-z]{2,12}):(?:\s+|\Z)(.*)")
_BULLET = re.compile(r"( *)-\s+(\S.*)")
_NOTE = re.compile(r"(?:※|>)\s*(\S.*)")
_FOOTNOTE = re.compile(r"\[(\*{1,5})\]\s+(\S.*)")
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_FACTS = frozenset({"source", "country", "date", "url", "reference", "categories", "page", "summary", "kind"})


@dataclass(frozen=True, slots=True)
class Numbered:
    """A line and its number."""

    number: int
    text: str


def fault(line: Numbered, what: str) -> NotAnIssue:
    """An error that names its line."""
    return NotAnIssue(f"Line {line.number} of this Markdown is not right: {what} (docs/formats.md).")


@dataclass(slots=True)
class _Open:
    """The item being read."""

    heading: Numbered
    id: str | None
    title: str
    facts: dict[str, tuple[Numbered, str]] = field(default_factory=dict)
    body: list[Block | Table] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    """Plain lines that go on with the last block."""
    is_in_facts: bool = True
    is_after_blank: bool = True


@dataclass(slots=True)
class ItemReader:
    """Takes the lines below the head, one by one."""

    sections: list[Section] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    open: _Open | None = None
    section: Section | None = None
    table: TableLines | None = None
    caption: Numbered | None = None

    def take(self, line: Numbered) -> None:
        """The next line."""
        heading = _HEADING.match(line.text)
        if heading:
            self._heading(line, len(heading[1]), heading[2].strip())
        elif not line.text.strip():
            self._blank()
        elif self.open is None:
            raise fault(line, "it stands before the first '## Title'")
        else:
            self._text(self.open, line)

    def finish(self) -> tuple[list[Section], list[Item]]:
        """All sections and items."""
        self._end_item()
        return self.sections, self.items

    def _heading(self, line: Numbered, level: int, title: str) -> None:
        self._end_item()
        named = _ID.search(title)
        key, title = (named[1], title[: named.start()].strip()) if named else (None, title)
        if not title:
            raise fault(line, "a heading needs a title before its {#id}")
        if level == 1:
            self._begin_section(line, title, key)
            return
        if self.section is None:
            raise fault(line, "an item needs a '# Section' above it")
        if len(self.items) >= MAX_ITEMS:
            raise fault(line, f"an issue has at most {MAX_ITEMS} items")
        self.open = _Open(line, key, title)

    def _begin_section(self, line: Numbered, title: str, key: str | None) -> None:
        known = find_known(title) or derive(title)
        self.section = Section(key or known.key, title)
        if len(self.section.key) > _LONGEST_KEY:
            raise fault(line, f"a section's key has at most {_LONGEST_KEY} letters")
        if self.section.key in {other.key for other in self.sections}:
            raise fault(line, f"the section '{self.section.key}' stands twice")
        self.sections.append(self.section)

    def _blank(self) -> None:
        if self.open:
            self._end_table(self.open)
            self.open.is_after_blank = True
            self.open.is_in_facts = self.open.is_in_facts and not self.open.facts

    def _text(self, item: _Open, line: Numbered) -> None:
        fact = _FACT.match(line.text) if item.is_in_facts else None
        if fact and fact[1] in _FACTS:
            if fact[1] in item.facts:
                raise fault(line, f"'{fact[1]}' stands twice in this item")
            item.facts[fact[1]] = (line, fact[2].strip())
            return
        item.is_in_facts = False
        if line.text.lstrip().startswith("|"):
            self._table_line(line)
        elif line.text.startswith("Table:"):
            self._end_table(item)
            self.caption = line
        else:
            self._end_table(item)
            self._block(item, line)
        item.is_after_blank = False

    def _table_line(self, line: Numbered) -> None:
        if self.table is None:
            if self.open:
                self._end_block(self.open)
            caption = self.caption.text.removeprefix("Table:").strip() if self.caption else ""
            self.table, self.caption = TableLines(caption), None
        self.table.take(line.text.strip(), lambda what: fault(line, what))

    def _end_table(self, item: _Open) -> None:
        if self.table is not None:
            item.body.append(self.table.table())
            self.table = None

    def _block(self, item: _Open, line: Numbered) -> None:
        """A new block, or more of the one above: a plain line right below it goes on with it."""
        block = read_block(line.text)
        is_more = block.kind == "paragraph" and not item.is_after_blank
        if is_more and item.body and isinstance(item.body[-1], Block):
            item.more.append(block.text)
            return
        self._end_block(item)
        item.body.append(block)

    @staticmethod
    def _end_block(item: _Open) -> None:
        above = item.body[-1] if item.body else None
        if item.more and isinstance(above, Block):
            item.body[-1] = replace(above, text=" ".join((above.text, *item.more)))
        item.more = []

    def _end_item(self) -> None:
        item, self.open = self.open, None
        if item is None or self.section is None:
            return
        self._end_table(item)
        self._end_block(item)
        if self.caption is not None:
            raise fault(self.caption, "no table stands below this caption")
        number = 1 + sum(other.section == self.section.key for other in self.items)
        self.items.append(_finished(item, self.section, number))


def read_block(text: str) -> Block:
    """One line as a block; two spaces before a `-` are one level."""
    bullet = _BULLET.match(text)
    if bullet:
        return Block("bullet", len(bullet[1]) // 2, bullet[2].strip())
    text = text.strip()
    footnote, note = _FOOTNOTE.match(text), _NOTE.match(text)
    if footnote:
        return Block("footnote", len(footnote[1]) - 1, footnote[2].strip())
    return Block("note", 0, note[1].strip()) if note else Block("paragraph", 0, text)


def _finished(item: _Open, section: Section, number: int) -> Item:
    facts = item.facts
    page = facts.get("page")
    if page and not (page[1].isascii() and page[1].isdigit() and len(page[1]) <= 5):
        raise fault(page[0], "a page is a number")
    kind = facts.get("kind", (item.heading, "clipping" if section.key == CLIPPING else "article"))
    if kind[1] not in {"article", "clipping"}:
        raise fault(kind[0], "kind is 'article' or 'clipping'")
    return Item(
        id=item.id or f"{section.key}-{number}",
        kind="clipping" if kind[1] == "clipping" else "article",
        section=section.key,
        title=item.title,
        summary=_fact(item, "summary"),
        page=int(page[1]) if page else None,
        categories=tuple(dict.fromkeys(filter(None, (name.strip() for name in _fact(item, "categories").split(","))))),
        source=_source(item),
        reference=_fact(item, "reference"),
        body=tuple(item.body),
    )


def _fact(item: _Open, name: str) -> str:
    return item.facts[name][1] if name in item.facts else ""


def _source(item: _Open) -> Source:
    country, organisation = split_country(_fact(item, "source"))
    url = _fact(item, "url")
    if url and not url.startswith(("https://", "http://")):
        raise fault(item.facts["url"][0], "a url begins with https:// or http://")
    day = _day(item)
    return Source(_fact(item, "country") or country, organisation, day, day or "", url or None)


def _day(item: _Open) -> str | None:
    """A date as written from scratch: with its year, so nothing has to be guessed."""
    if "date" not in item.facts:
        return None
    line, text = item.facts["date"]
    if _MONTH.fullmatch(text):
        return text
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise fault(line, "a date is written 2026-09-14, or 2026-09 where only the month is known") from error
