"""Tables of the Markdown form: `| label | cell |`, where `<br>` parts the blocks of a cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from newsletter.errors import NotAnIssue
from newsletter.issues.content import Block, Row, Table

_RULE = re.compile(r"[\s|:-]+")
_BAR = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_POINT = re.compile(r"(--?|∙)\s+(\S.*)")
_NOTE = re.compile(r"(?:※|>)\s*(\S.*)")
_FOOTNOTE = re.compile(r"\[(\*{1,5})\]\s+(\S.*)")

Complain = Callable[[str], NotAnIssue]


@dataclass(slots=True)
class TableLines:
    """A table being read: the head, the rule below it, then rows."""

    caption: str
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    has_rule: bool = False

    def take(self, text: str, complain: Complain) -> None:
        """The next line of the table; `complain` makes the error that names it."""
        cells = [cell.strip().replace(r"\|", "|") for cell in _BAR.split(text.removeprefix("|").removesuffix("|"))]
        if not self.columns:
            self.columns = tuple(cells)
        elif not self.has_rule:
            if not _RULE.fullmatch(text):
                raise complain("below a table's head stands a rule, | --- | --- |")
            self.has_rule = True
        elif len(cells) != len(self.columns):
            raise complain(f"this row has {len(cells)} columns, the table's head {len(self.columns)}")
        else:
            labels = tuple(filter(None, (label.strip() for label in cells[0].split(" > "))))
            self.rows.append(Row(labels, tuple(read_cell(cell) for cell in cells[1:])))

    def table(self) -> Table:
        """The finished table."""
        return Table(self.caption, self.columns, tuple(self.rows))


def read_cell(text: str) -> tuple[Block, ...]:
    """The blocks of a cell: `- point`, `-- point below it`, `※ note`, `[*] footnote`; anything else is a point too."""
    return tuple(_block(part.strip()) for part in _BREAK.split(text) if part.strip())


def _block(text: str) -> Block:
    footnote, note, point = _FOOTNOTE.match(text), _NOTE.match(text), _POINT.match(text)
    if footnote:
        return Block("footnote", len(footnote[1]) - 1, footnote[2].strip())
    if note:
        return Block("note", 0, note[1].strip())
    return Block("bullet", int(point[1] == "--"), point[2].strip()) if point else Block("bullet", 0, text)
