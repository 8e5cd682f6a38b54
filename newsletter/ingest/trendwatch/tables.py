"""`▘caption▗` tables: a head, then rows of a label and points.

A row's label stands on the lines before its first `∙`, or before it on the same line. Labels are broken over lines
like names; where they have two levels, `labels.py` tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.drafts import Draft, Pen
from newsletter.ingest.trendwatch.joins import Joiner, Seam
from newsletter.ingest.trendwatch.labels import Label, tell_levels
from newsletter.ingest.trendwatch.lines import Line, width
from newsletter.ingest.trendwatch.marks import LABEL_WIDTH, Mark, is_bare, mark_of, split_inner_point
from newsletter.ingest.trendwatch.runs import Run
from newsletter.issues.content import Row, Table

_LONGEST_CAPTION = 3
_LONGEST_LABEL = 14
"""Lines that a label may be broken over."""
_LAST_COLUMNS = (
    "주요 내용", "세부 내용", "내용", "주요 과제", "세부 과제", "추진 과제", "추진 내용", "주요 조치", "설명"
)  # fmt: skip
_FIRST_COLUMNS = ("구분", "분야", "항목", "과제", "단계", "국가", "기관")


@dataclass(slots=True)
class _OpenRow:
    label: Label
    pen: Pen


@dataclass(slots=True)
class TableReader:
    """Reads one table; `read` returns the place of the first line that is no part of it."""

    draft: Draft
    joiner: Joiner
    account: Account
    columns: tuple[str, ...] = ()
    head: str = ""
    rows: list[_OpenRow] = field(default_factory=list)

    def read(self, lines: Sequence[Line], place: int) -> int:
        """Read the table that starts with its caption at `place`, and add it to the draft."""
        start = place
        caption, place = self._caption(lines, place)
        place = self._head(lines, place)
        while place < len(lines):
            after = self._step(lines, place)
            if after == place:
                break
            place = after
        for row in self.rows:
            row.pen.end()
        self._write(caption, lines[start])
        return place

    def _write(self, caption: str, line: Line) -> None:
        item = self.draft.item
        if not self.rows:
            self.account.warn("table-without-rows", f"No row of the table '{caption}' could be read.",
                              line=line.number, item=item)  # fmt: skip
        labels = tell_levels([row.label for row in self.rows], self.account, item)
        rows = tuple(Row(label, (tuple(row.pen.blocks),)) for label, row in zip(labels, self.rows, strict=True))
        self.draft.body.append(Table(caption, self.columns, rows))

    def _caption(self, lines: Sequence[Line], place: int) -> tuple[str, int]:
        """The text between ▘ and ▗, over at most three lines; the first line alone where no ▗ is near."""
        near = lines[place : place + _LONGEST_CAPTION]
        count = next((count for count, line in enumerate(near, start=1) if line.text.endswith("▗")), 0)
        if count == 0:
            self.account.warn("caption-open", f"The caption '{lines[place].text}' has no end (▗).",
                              line=lines[place].number, item=self.draft.item)  # fmt: skip
        taken = near[: count or 1]
        for line in taken:
            signs = "▘" * line.text.startswith("▘") + "▗" * (line.text.endswith("▗") and len(line.text) > 1)
            self.account.furniture(line, signs, "sign")
            self.account.content(line, line.text.removeprefix("▘").removesuffix("▗"), self.draft.item)
        parts = [line.text.removeprefix("▘").removesuffix("▗").strip() for line in taken]
        return " ".join(filter(None, parts)), place + len(taken)

    def _head(self, lines: Sequence[Line], place: int) -> int:
        """`구분 주요 내용`: stands right under the caption, or is known by its words."""
        if place >= len(lines) or not is_bare(lines[place]) or split_inner_point(lines[place]):
            return place
        line = lines[place]
        if line.gap and not line.text.endswith(_LAST_COLUMNS):
            return place
        self.head, self.columns = line.letters, _split_head(line.text)
        if not line.text.endswith(_LAST_COLUMNS):
            self.account.warn("columns-guessed", f"The table head '{line.text}' was divided after its first word.",
                              line=line.number, item=self.draft.item)  # fmt: skip
        self.account.content(line, line.text, self.draft.item)
        return place + 1

    def _step(self, lines: Sequence[Line], place: int) -> int:
        """Read what starts at `place`; the same place back when it is no part of the table."""
        line = lines[place]
        mark = mark_of(line)
        if mark.kind in {"caption", "reference"} or (mark.kind == "dash" and line.indent < 2):
            return place
        if mark.kind == "bare":
            return self._bare(lines, place)
        self._pen(line).begin(line, mark, level=int(mark.kind == "dash"))
        return place + 1

    def _pen(self, line: Line) -> Pen:
        """Of the last row; a row without a label where there is none."""
        if not self.rows:
            self.account.warn("label-missing", "The first row of this table has no label.",
                              line=line.number, item=self.draft.item)  # fmt: skip
            self._begin_row([])
        return self.rows[-1].pen

    def _begin_row(self, lines: list[tuple[str, Line]]) -> Pen:
        for text, line in lines:
            self.account.content(line, text, self.draft.item)
        self.rows.append(_OpenRow(Label(tuple(lines)), Pen(self.draft, self.joiner, self.account)))
        return self.rows[-1].pen

    def _bare(self, lines: Sequence[Line], place: int) -> int:
        """More of the cell, or the label of the next row; else the table has ended."""
        line = lines[place]
        if line.letters == self.head and line.fresh:
            self.account.furniture(line, line.text, "table head")
            return place + 1
        pen = self.rows[-1].pen if self.rows else None
        label = self._label_ahead(lines, place)
        if pen is None or pen.run is None or split_inner_point(line):
            return self._row(lines, place, label)
        seam = self._seam(pen, pen.run, line, label)
        if seam.verdict == "ends":
            return self._row(lines, place, label)
        pen.go_on(line, seam)
        return place + 1

    @staticmethod
    def _seam(pen: Pen, run: Run, line: Line, label: int) -> Seam:
        """The words decide; where they leave a doubt, a label ahead ends the cell, and nothing ahead goes on."""
        seam = pen.joiner.seam(run, line)
        if seam.verdict == "ends" and run.last.trailing and not (label or run.is_note):
            return Seam("on", " ")
        return Seam("ends") if label and not pen.joiner.is_sure(run, line) else seam

    @staticmethod
    def _label_ahead(lines: Sequence[Line], place: int) -> int:
        """How many lines the label that starts here takes; 0 where no label stands here."""
        for count, line in enumerate(lines[place : place + _LONGEST_LABEL]):
            if split_inner_point(line):
                return count + 1
            if mark_of(line).kind == "point":
                return count
            if not is_bare(line) or width(line.text) > LABEL_WIDTH:
                return 0
        return 0

    def _row(self, lines: Sequence[Line], place: int, count: int) -> int:
        """Begin a row with a label of `count` lines."""
        if count == 0:
            return place
        taken = lines[place : place + count]
        inner = split_inner_point(taken[-1])
        texts = [line.text for line in taken]
        if inner:
            texts[-1] = inner[0]
        pen = self._begin_row(list(zip(texts, taken, strict=True)))
        if inner:
            pen.begin(taken[-1], Mark("point", inner[1], inner[2]))
        return place + count


def _split_head(text: str) -> tuple[str, ...]:
    """The label column's name and the other's: known names first, else the first word is the label's."""
    for last in _LAST_COLUMNS:
        first = text.removesuffix(last).strip()
        if first and first != text:
            return first, last
    first, _, rest = text.partition(" ")
    return tuple(part for part in (first, rest.strip()) if part)
