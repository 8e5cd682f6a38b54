"""The summary table: which items the issue has, in which sections, on which pages.

Section names and page numbers stand in narrow columns of their own and come out as lines between the items: a
section's name, broken over lines, before its first item; a page number after each article.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.errors import NotAnIssue
from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.joins import Joiner
from newsletter.ingest.trendwatch.lines import Line, squash
from newsletter.ingest.trendwatch.marks import Mark, is_bare, mark_of
from newsletter.ingest.trendwatch.pages import is_clipping_head, is_summary_head
from newsletter.ingest.trendwatch.runs import Run, join_label
from newsletter.ingest.trendwatch.sections import UNNAMED, Numbering, derive, find_known
from newsletter.ingest.trendwatch.sources import Tail, split_tail
from newsletter.issues.content import Section

MAX_ITEMS = 200
_LONGEST_NAME = 8
"""Lines that a section's name may be broken over."""


@dataclass(slots=True)
class Entry:
    """One item as the summary has it."""

    id: str
    section: Section
    title: str = ""
    tail: Tail | None = None
    category: str = ""
    summary: str = ""
    page: int | None = None
    line: int = 0

    @property
    def letters(self) -> str:
        """Its title, for comparison with the body."""
        return squash(self.title)


@dataclass(slots=True)
class Summary:
    """What the summary says."""

    sections: list[Section] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    used: int = 0
    """How many of the given lines belong to it."""


class SummaryReader:
    """Reads the lines of the summary pages, top to bottom."""

    def __init__(self, lines: tuple[Line, ...], account: Account, joiner: Joiner, numbering: Numbering) -> None:
        self._lines = lines
        self._account = account
        self._joiner = joiner
        self._numbering = numbering
        self._summary = Summary()
        self._names: list[Line] = []
        self._title: list[Line] = []
        self._run: Run | None = None
        self._is_closed = True
        self._section: Section | None = None
        self._titles: set[str] = set()

    def read(self) -> Summary:
        """The summary. Raises `NotAnIssue` at more items than an issue can have."""
        place = 0
        while place < len(self._lines) and not self._is_body(self._lines[place]):
            self._take(place, self._lines[place])
            place += 1
        self._end_item()
        self._summary.used = place - len(self._names)
        return self._summary

    def _take(self, place: int, line: Line) -> None:
        mark = mark_of(line)
        if is_summary_head(line):
            self._account.furniture(line, line.text, "table head")
        elif line.letters == "요약":
            self._account.furniture(line, line.text, "running head")
        elif mark.kind == "point":
            self._begin_item(line, mark)
        elif mark.kind == "dash" and not self._is_closed:
            self._begin_point(line, mark)
        elif mark.kind == "bare":
            self._take_bare(place, line)

    def _take_bare(self, place: int, line: Line) -> None:
        """A page number, a part of a section's name, or more of the item above."""
        if not self._is_closed and line.text.isascii() and line.text.isdigit() and len(line.text) <= 4:
            self._account.furniture(line, line.text, "page number")
            self._end_item(page=int(line.text))
        elif self._is_closed or self._is_known_name(place):
            self._end_item()
            self._names.append(line)
        elif self._run is not None:
            self._go_on(self._run, line)
        else:
            self._title.append(line)

    def _go_on(self, run: Run, line: Line) -> None:
        """Nothing but the text can go on here, so a line without a trailing space broke inside a word."""
        seam = self._joiner.between(run, line)
        run.add(line.text, line, seam.between)

    def _is_known_name(self, place: int) -> bool:
        """The bare lines up to the next point are the name of a known section."""
        parts: list[str] = []
        for line in self._lines[place : place + _LONGEST_NAME]:
            if not is_bare(line):
                break
            parts.append(line.text)
        return find_known("".join(parts)) is not None

    def _is_body(self, line: Line) -> bool:
        """A title that the summary already has, or the clipping table: the body has begun."""
        return is_clipping_head(line) or squash(split_tail(line.text)[0]) in self._titles

    def _begin_item(self, line: Line, mark: Mark) -> None:
        self._end_item()
        if len(self._summary.entries) >= MAX_ITEMS:
            raise NotAnIssue(f"This text is not an issue: its summary lists more than {MAX_ITEMS} items.")
        section = self._open_section()
        item_id = self._numbering.next_id(section.key, in_summary=True)
        self._summary.entries.append(Entry(item_id, section, line=line.number))
        self._account.furniture(line, mark.sign, "sign")
        self._title = [line]
        self._is_closed = False

    def _open_section(self) -> Section:
        """The section of the item that begins, named by the lines that stood before it."""
        title = join_label([line.text for line in self._names])
        if not title and self._section:
            return self._section
        section = find_known(title) or (derive(title) if title else UNNAMED)
        for line in self._names:
            self._account.content(line, line.text, section.key)
        if section.key not in {other.key for other in self._summary.sections}:
            self._warn_of_unknown(section)
            self._summary.sections.append(section)
        self._section, self._names = section, []
        return section

    def _warn_of_unknown(self, section: Section) -> None:
        if find_known(section.title) is None:
            line = self._names[0].number if self._names else None
            self._account.warn(
                "unknown-section", f"The section '{section.title}' is not known; its key is '{section.key}'.", line=line
            )

    def _begin_point(self, line: Line, mark: Mark) -> None:
        """The item's line of summary; further points are joined to it."""
        self._account.furniture(line, mark.sign, "sign")
        if self._run is None:
            self._run = Run("paragraph", 0)
        self._run.add(mark.rest, line, " ")

    def _end_item(self, page: int | None = None) -> None:
        """Close the item that is open, if one is."""
        if self._is_closed:
            return
        entry = self._summary.entries[-1]
        entry.page = page
        self._name(entry)
        if self._run is not None:
            entry.summary = self._run.text().text
            for piece, line in self._run.pieces:
                self._account.content(line, piece, entry.id)
        self._title, self._run, self._is_closed = [], None, True

    def _name(self, entry: Entry) -> None:
        """`(category) name` for a clipping, `title (source)` for an article."""
        first, *others = self._title
        parts = [mark_of(first).rest, *(line.text for line in others)]
        for part, line in zip(parts, self._title, strict=True):
            self._account.content(line, part, entry.id)
        printed = join_label([part for part in parts if part])
        entry.title, entry.tail = split_tail(printed)
        if entry.tail is None and printed.startswith("(") and ")" in printed:
            category, _, name = printed[1:].partition(")")
            entry.category, entry.title = category.strip(), name.strip()
        if not entry.title:
            entry.title = printed
        self._titles.add(entry.letters)
