"""The whole issue: masthead, summary, body, joined."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from newsletter.errors import NotAnIssue
from newsletter.ingest.trendwatch.account import Account, Segment
from newsletter.ingest.trendwatch.articles import ArticleReader
from newsletter.ingest.trendwatch.assemble import Found, assemble
from newsletter.ingest.trendwatch.body import Chunk, Divider
from newsletter.ingest.trendwatch.clippings import Clipping, ClippingReader
from newsletter.ingest.trendwatch.damage import report_damage
from newsletter.ingest.trendwatch.drafts import Draft
from newsletter.ingest.trendwatch.headings import Heading, Headings
from newsletter.ingest.trendwatch.joins import Columns, Evidence, Joiner, measure
from newsletter.ingest.trendwatch.lines import Line, head_of, scan, squash
from newsletter.ingest.trendwatch.names import NameBook
from newsletter.ingest.trendwatch.pages import Masthead, open_pages, read_masthead
from newsletter.ingest.trendwatch.sections import CLIPPING, KNOWN, Numbering
from newsletter.ingest.trendwatch.summary import Entry, Summary, SummaryReader
from newsletter.issues.content import Content, Item, Section

MAX_LINES = 20_000
"""Thirty times a real issue, which has some 650 that hold a letter."""
_BODY = Columns(body=76, note=93)
_CLIPPINGS = Columns(body=43, note=53)
"""Usual widths of this publication, for an issue too short to measure its own."""


def parse(text: str) -> Content:
    """The content of the issue. Raises `NotAnIssue`."""
    return parse_with_trace(text)[0]


def parse_with_trace(text: str) -> tuple[Content, tuple[Segment, ...]]:
    """The content, and what became of every letter of every line."""
    reading = _Reading(text)
    content = reading.content()
    return content, tuple(reading.account.segments)


class _Reading:
    """One parse, from the text to the content."""

    def __init__(self, text: str) -> None:
        self.account = Account()
        self._lines = list(islice(scan(text), MAX_LINES + 1))
        if len(self._lines) > MAX_LINES:
            raise NotAnIssue(f"This text is not an issue: it has more than {MAX_LINES:,} lines.")
        self._evidence = Evidence(text)
        self._numbering = Numbering()
        self._masthead: Masthead = read_masthead(self._lines)
        self._summary = Summary()
        self._section: Section | None = None

    def content(self) -> Content:
        """Read everything, settle the account."""
        pages = open_pages(self._lines, self._masthead, self.account)
        joiner = Joiner(_BODY, self._evidence)
        self._summary = SummaryReader(pages.summary, self.account, joiner, self._numbering).read()
        names = frozenset(squash(section.title) for section in self._summary.sections)
        headings = Headings(entry for entry in self._summary.entries if not entry.category)
        body = (*pages.summary[self._summary.used :], *pages.body)
        found = self._read_chunks(Divider(headings, names, pages.heads, self.account).divide(body))
        items = self._items(found)
        if not items:
            raise NotAnIssue(
                f"This text names the issue {self._masthead.year}-{self._masthead.number} but holds no item: neither "
                "its summary table nor its body could be read. docs/formats.md shows the layout."
            )
        self.account.settle(self._lines)
        return self._content(items)

    def _content(self, items: tuple[Item, ...]) -> Content:
        warnings = sorted(self.account.warnings, key=lambda warning: warning.line or 0)
        head = self._masthead
        return Content(
            head.publication, head.year, head.number,
            sections=tuple(self._summary.sections), items=items, warnings=tuple(warnings),
        )  # fmt: skip

    def _read_chunks(self, chunks: Sequence[Chunk]) -> list[Found]:
        prose = [line for chunk in chunks if chunk.heading for line in chunk.lines]
        columns = measure(prose, _BODY)
        found: list[Found] = []
        for chunk in chunks:
            if chunk.heading:
                found.append(self._article(chunk.heading, chunk.lines, columns))
            else:
                found += self._clippings(chunk.lines)
        return found

    def _article(self, heading: Heading, lines: list[Line], columns: Columns) -> Found:
        entry = heading.entry or self._added(heading)
        self._section = entry.section
        self._claim_heading(heading, entry)
        draft = Draft(entry.id)
        prose, cells = Joiner(columns, self._evidence), Joiner(columns, self._evidence, cell=True)
        ArticleReader(draft, self.account, prose, cells).read(lines)
        report_damage(draft, self.account)
        return Found(entry, draft, heading.tail, line=heading.lines[0].number)

    def _added(self, heading: Heading) -> Entry:
        """An article that the summary lacks stands in the section of the one before it."""
        section = self._section or next((s for s in self._summary.sections if s.key != CLIPPING), None)
        section = section or self._add_section()
        entry = Entry(self._numbering.next_id(section.key, in_summary=False), section, heading.title)
        entry.line = heading.lines[0].number
        self.account.warn("not-in-summary", f"'{entry.title}' is missing from the summary; it was added.",
                          line=entry.line, item=entry.id)  # fmt: skip
        return entry

    def _add_section(self) -> Section:
        section = KNOWN[0]
        self._summary.sections.insert(0, section)
        return section

    def _claim_heading(self, heading: Heading, entry: Entry) -> None:
        """The heading's letters stand in the item, but for what the summary has otherwise: those go into a warning."""
        kept = entry.letters if not heading.is_renamed else ""
        tail, own = heading.tail, entry.tail or heading.tail
        if not heading.is_renamed and tail and own and squash(tail.printed) == squash(own.printed):
            kept += squash(tail.printed)
        left = len(kept)
        for line in heading.lines:
            head = head_of(line.text, left) if left else ""
            left -= len(squash(head))
            self.account.content(line, head, entry.id)
            self.account.told(line, line.text[len(head) :])
        if heading.is_renamed:
            printed = " ".join(line.text for line in heading.lines)
            self.account.warn("title-mismatch", f"The body says '{printed}', the summary '{entry.title}' (kept).",
                              line=heading.lines[0].number, item=entry.id)  # fmt: skip

    def _clippings(self, lines: list[Line]) -> list[Found]:
        entries = [entry for entry in self._summary.entries if entry.category or entry.section.key == CLIPPING]
        section = entries[0].section.key if entries else CLIPPING
        book = NameBook(entries, self.account, self._numbering, section)
        joiner = Joiner(measure(lines, _CLIPPINGS), self._evidence, cell=True)
        rows = ClippingReader(book, joiner, self.account).read(lines)
        for row in rows:
            report_damage(row.draft, self.account)
        return [self._found_clipping(row) for row in rows]

    def _found_clipping(self, row: Clipping) -> Found:
        entry = row.name.entry or Entry(
            row.name.item, self._clipping_section(), row.name.name, category=row.name.category, line=row.name.line
        )
        return Found(entry, row.draft, row.tail, row.name.category, row.source_line, is_clipping=True)

    def _clipping_section(self) -> Section:
        """Where a clipping stands that the summary lacks."""
        entries = self._summary.entries
        listed = next((entry.section for entry in entries if entry.category), None)
        section = listed or KNOWN[-1]
        if section not in self._summary.sections:
            self._summary.sections.append(section)
        return section

    def _items(self, found: Sequence[Found]) -> tuple[Item, ...]:
        """In the summary's order, section by section; what the summary lacks comes last in its section."""
        by_id = {one.entry.id: one for one in found}
        listed = [by_id.pop(entry.id) if entry.id in by_id else Found(entry, None) for entry in self._summary.entries]
        places = {section.key: place for place, section in enumerate(self._summary.sections)}
        ordered = sorted([*listed, *by_id.values()], key=lambda one: places[one.entry.section.key])
        return tuple(assemble(one, self._masthead, self.account) for one in ordered)
