"""An item while it is being read: its blocks, and where each of their letters came from."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.joins import Joiner, Seam
from newsletter.ingest.trendwatch.lines import Line
from newsletter.ingest.trendwatch.marks import Mark
from newsletter.ingest.trendwatch.runs import Run, Text, split_footnotes
from newsletter.issues.content import Block, Table


@dataclass(slots=True)
class Draft:
    """One item's body so far. `origins` holds, for every block in it and in its tables, where its text stood."""

    item: str
    body: list[Block | Table] = field(default_factory=list)
    origins: list[tuple[Block, Text]] = field(default_factory=list)
    reference: str = ""


@dataclass(slots=True)
class Pen:
    """Writes the blocks of one column (a body, or one cell): holds the run that is open."""

    draft: Draft
    joiner: Joiner
    account: Account
    blocks: list[Block] = field(default_factory=list)
    run: Run | None = None

    def begin(self, line: Line, mark: Mark, level: int = 0) -> None:
        """A line opens a block."""
        self.end()
        self.account.furniture(line, mark.sign, "sign")
        level = len(mark.sign) - 1 if mark.kind == "footnote" else level
        self.run = Run(mark.block, level)
        self._add(line, mark.rest)

    def seam(self, line: Line) -> Seam:
        """Does this bare line go on with the open run?"""
        return self.joiner.seam(self.run, line) if self.run else Seam("ends")

    def go_on(self, line: Line, seam: Seam) -> None:
        """The open run goes on with this line."""
        if self.run is None:
            self.begin(line, Mark("bare", "", line.text))
            return
        if seam.is_guess:
            self.guess(line, "were joined" + (" with a space" if seam.between else ""))
        self._add(line, line.text, seam.between)

    def guess(self, line: Line, what: str) -> None:
        """Say which two pieces a guess was about."""
        before = self.run.tail[-12:] if self.run else ""
        self.account.warn(
            "join-guessed",
            f"'{before}' and '{line.text[:12]}' {what}; nothing in the layout says so.",
            line=line.number,
            item=self.draft.item,
        )

    def end(self) -> None:
        """Close the open run: it becomes a block (several, for footnotes on one line)."""
        run, self.run = self.run, None
        if run is None:
            return
        text = run.text()
        parts = split_footnotes(run) if run.kind == "footnote" else [(Block(run.kind, run.level, text.text), text)]
        parts = [part for part in parts if part[0].text]
        self.blocks += [block for block, _ in parts]
        self.draft.origins += parts

    def _add(self, line: Line, text: str, seam: str = "") -> None:
        if self.run is not None:
            self.run.add(text, line, seam)
            self.account.content(line, text, self.draft.item)
