"""The clipping table, whose four columns come out one after the other: category and name, points, source.

A category cell may span several rows, so a row may have none. An item that a page break divides goes on behind
its own source. Names and categories may differ from the summary's, which wins; both categories are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.errors import NotAnIssue
from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.dates import read_day
from newsletter.ingest.trendwatch.drafts import Draft, Pen
from newsletter.ingest.trendwatch.joins import Joiner, Seam
from newsletter.ingest.trendwatch.lines import Line, squash, width
from newsletter.ingest.trendwatch.marks import LABEL_WIDTH, Mark, is_bare, mark_of, split_inner_point
from newsletter.ingest.trendwatch.names import Name, NameBook
from newsletter.ingest.trendwatch.pages import is_clipping_head
from newsletter.ingest.trendwatch.runs import Run, join_label
from newsletter.ingest.trendwatch.sources import Tail, split_country
from newsletter.ingest.trendwatch.summary import MAX_ITEMS

_HANGUL = re.compile(r"[가-힣]")
_MAY_END = re.compile(r"[가-힣](?<![는은을를의에와과로며된될한할던및])")
"""A syllable that may end a point; particles and endings that need another word after them may not."""
_LONGEST_NAME = 12
_LONGEST_SOURCE = 6


@dataclass(slots=True)
class Clipping:
    """One row of the table."""

    name: Name
    draft: Draft
    pen: Pen
    tail: Tail | None = None
    source_line: int | None = None


@dataclass(slots=True)
class ClippingReader:
    """Reads the rows of the clipping table."""

    book: NameBook
    joiner: Joiner
    account: Account
    clippings: list[Clipping] = field(default_factory=list)

    def read(self, lines: Sequence[Line]) -> list[Clipping]:
        """All rows, in order."""
        place = 0
        while place < len(lines):
            place = self._step(lines, place)
        for clipping in self.clippings:
            clipping.pen.end()
            clipping.draft.body += clipping.pen.blocks
        return self.clippings

    def _step(self, lines: Sequence[Line], place: int) -> int:
        line, mark = lines[place], mark_of(lines[place])
        if is_clipping_head(line):
            self.account.furniture(line, line.text, "table head")
        elif mark.kind == "bare":
            return self._bare(lines, place)
        elif self.clippings and mark.kind not in {"caption", "reference"}:
            self.clippings[-1].pen.begin(line, mark, level=int(mark.kind == "dash"))
        return place + 1  # whatever is left here is warned about when the account is settled

    def _bare(self, lines: Sequence[Line], place: int) -> int:
        """More of the text, the row's source, or the next row's category and name."""
        pen = self.clippings[-1].pen if self.clippings else None
        source, name = self._source_ahead(lines, place), _name_ahead(lines, place)
        if name and self.book.knows(_letters(lines[place : place + name])):
            return self._begin(lines, place, name)
        source_ahead = lines[place : place + source]
        if pen and pen.run and self._goes_on(pen.run, lines[place], source_ahead, is_name=name > 0):
            pen.go_on(lines[place], pen.seam(lines[place]))
            return place + 1
        if source:
            return self._take_source(lines, place, source)
        if name:
            return self._begin(lines, place, name)
        return self._repeated_name(lines, place) or self._leftover(lines[place], pen, place)

    def _goes_on(self, run: Run, line: Line, source: Sequence[Line], *, is_name: bool) -> bool:
        """The text goes on with this line; where a source or a name may start here, only if that is sure."""
        if self.joiner.seam(run, line).verdict == "ends" or (source and _is_foreign(run, source)):
            return False
        return not (source or is_name) or self.joiner.is_sure(run, line)

    def _leftover(self, line: Line, pen: Pen | None, place: int) -> int:
        """A line of text that no sign opens and nothing ahead explains: more of the text, if there is one."""
        if pen and pen.run:
            pen.go_on(line, Seam("on", " " if pen.run.last.trailing else "", is_guess=not pen.run.last.trailing))
        elif pen:
            pen.begin(line, Mark("bare", "", line.text))
        return place + 1

    def _source_ahead(self, lines: Sequence[Line], place: int) -> int:
        """How many lines the source takes that starts here: narrow lines, the last of them ending in `(12.05)`."""
        if not self.clippings:
            return 0
        for count, line in enumerate(lines[place : place + _LONGEST_SOURCE], start=1):
            if not is_bare(line) or width(line.text) > LABEL_WIDTH:
                return 0
            if _date_at_end(line.text):
                return count
        return 0

    def _take_source(self, lines: Sequence[Line], place: int, count: int) -> int:
        clipping, taken = self.clippings[-1], lines[place : place + count]
        printed = join_label([line.text for line in taken])
        date_text = _date_at_end(printed)
        country, organisation = split_country(printed[: printed.rindex(date_text) - 1].rstrip(" (（"))
        tail = Tail(country, organisation, date_text, printed)
        clipping.pen.end()
        if clipping.tail and squash(clipping.tail.printed) != squash(printed):
            for line in taken:
                self.account.told(line, line.text)
            self.account.warn("second-source", f"A second source was not kept: {printed}",
                              line=taken[0].number, item=clipping.draft.item)  # fmt: skip
            return place + count
        clipping.tail, clipping.source_line = tail, taken[-1].number
        if not organisation:
            self.account.warn("source-unnamed", f"'{printed}' names no source; its name may stand in the text above.",
                              line=taken[0].number, item=clipping.draft.item)  # fmt: skip
        for line in taken:
            self.account.content(line, line.text, clipping.draft.item)
        return place + count

    def _begin(self, lines: Sequence[Line], place: int, count: int) -> int:
        """A new row: its lines hold a category (or none, where the cell above spans this row) and a name."""
        taken = lines[place : place + count]
        inner = split_inner_point(taken[-1])
        pieces = [(line.text, line) for line in taken]
        if inner:
            pieces[-1] = (inner[0], taken[-1])
        if len(self.clippings) >= MAX_ITEMS:
            raise NotAnIssue(f"This text is not an issue: its table has more than {MAX_ITEMS} clippings.")
        name = self.book.read(pieces)
        draft = Draft(name.item)
        self.clippings.append(Clipping(name, draft, Pen(draft, self.joiner, self.account)))
        if inner:
            self.clippings[-1].pen.begin(taken[-1], Mark("point", inner[1], inner[2]))
        return place + count

    def _repeated_name(self, lines: Sequence[Line], place: int) -> int:
        """After a page break the row's own category and name may stand again, above points that go on."""
        if not self.clippings:
            return 0
        current = self.clippings[-1].name
        letters = ""
        for count, line in enumerate(lines[place : place + _LONGEST_NAME], start=1):
            letters += line.letters
            if letters in {current.letters, squash(current.category) + current.letters}:
                for repeated in lines[place : place + count]:
                    self.account.furniture(repeated, repeated.text, "repeated name")
                return place + count
        return 0


def _letters(lines: Sequence[Line]) -> str:
    """The letters of a name ahead, without the point that may stand behind it on its last line."""
    inner = split_inner_point(lines[-1])
    return "".join(line.letters for line in lines[:-1]) + (squash(inner[0]) if inner else lines[-1].letters)


def _is_foreign(run: Run, source: Sequence[Line]) -> bool:
    """A Latin name below Korean text that may have ended: a source, even where a space says that the text goes on."""
    return not _HANGUL.search("".join(line.text for line in source)) and bool(_MAY_END.search(run.tail[-1:]))


def _date_at_end(text: str) -> str:
    """The date in the brackets that end `text`; empty if there is none."""
    if not text.endswith((")", "）")):
        return ""
    inner = text[max(text.rfind("("), text.rfind("（")) + 1 : -1].strip()
    return inner if len(inner) < len(text) - 1 and read_day(inner) else ""


def _name_ahead(lines: Sequence[Line], place: int) -> int:
    """How many lines the category and name take that start here: narrow lines down to a `∙`."""
    for count, line in enumerate(lines[place : place + _LONGEST_NAME]):
        if split_inner_point(line):
            return count + 1
        if mark_of(line).kind == "point":
            return count
        if not is_bare(line) or width(line.text) > LABEL_WIDTH or _date_at_end(line.text):
            return 0
    return 0
