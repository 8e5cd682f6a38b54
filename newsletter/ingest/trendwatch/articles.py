"""The body of one article: paragraphs, `-` points, notes, footnotes, tables, and its reference."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.drafts import Draft, Pen
from newsletter.ingest.trendwatch.joins import Joiner
from newsletter.ingest.trendwatch.lines import Line
from newsletter.ingest.trendwatch.marks import Mark, is_bare, mark_of
from newsletter.ingest.trendwatch.runs import Text
from newsletter.ingest.trendwatch.tables import TableReader
from newsletter.issues.content import Block

_LONGEST_REFERENCE = 5


class ArticleReader:
    """Reads the lines below one heading."""

    def __init__(self, draft: Draft, account: Account, prose: Joiner, cells: Joiner) -> None:
        self._draft = draft
        self._account = account
        self._cells = cells
        self._pen = Pen(draft, prose, account)

    def read(self, lines: Sequence[Line]) -> None:
        """Add all blocks of these lines to the draft."""
        place = 0
        while place < len(lines):
            place = self._step(lines, place)
        self._flush()

    def _step(self, lines: Sequence[Line], place: int) -> int:
        line, mark = lines[place], mark_of(lines[place])
        if mark.kind == "caption":
            self._flush()
            return TableReader(self._draft, self._cells, self._account).read(lines, place)
        if mark.kind == "reference":
            self._flush()
            return self._reference(lines, place, mark)
        if mark.kind == "bare":
            self._bare(line, lines[place + 1 : place + 2])
        else:
            is_inner = mark.kind == "point" or (mark.kind == "dash" and line.indent >= 2)
            self._pen.begin(line, mark, level=int(is_inner))
        return place + 1

    def _bare(self, line: Line, following: Sequence[Line]) -> None:
        seam = self._pen.seam(line)
        if seam.verdict == "on":
            self._pen.go_on(line, seam)
            return
        if seam.is_guess:
            self._pen.guess(line, "were kept apart")
        self._pen.begin(line, Mark("note" if _is_note_without_sign(line, following) else "bare", "", line.text))

    def _flush(self) -> None:
        """Close the open run and hand its blocks over, in order."""
        self._pen.end()
        self._draft.body += self._pen.blocks
        self._pen.blocks = []

    def _reference(self, lines: Sequence[Line], place: int, mark: Mark) -> int:
        """`(참고 : …)` until its bracket closes, over a few lines at most."""
        taken = _reference_lines(lines, place)
        pen = Pen(self._draft, self._pen.joiner, self._account)
        pen.begin(taken[0], Mark("note", mark.sign, mark.rest))
        for line in taken[1:]:
            if pen.run:
                pen.go_on(line, pen.joiner.between(pen.run, line))
        self._keep_reference(pen.run.text() if pen.run else Text("", (0,), (taken[0].number,)))
        return place + len(taken)

    def _keep_reference(self, printed: Text) -> None:
        """The first is the item's reference, without its bracket; a further one is kept as a note."""
        text = printed.text.removesuffix(")").removesuffix("）").rstrip()
        if not self._draft.reference:
            self._draft.reference = text
            return
        note = Block("note", 0, text)
        self._draft.body.append(note)
        self._draft.origins.append((note, printed.part(0, len(text))))
        self._account.warn("second-reference", f"A second reference was kept as a note: {text}",
                           line=printed.numbers[0], item=self._draft.item)  # fmt: skip


def _reference_lines(lines: Sequence[Line], place: int) -> list[Line]:
    """The lines of the reference: none but its first may open with a sign."""
    taken: list[Line] = []
    depth = 0
    for line in lines[place : place + _LONGEST_REFERENCE]:
        if taken and (depth <= 0 or not is_bare(line)):
            break
        taken.append(line)
        depth += sum((c in "(（") - (c in ")）") for c in line.text)
    return taken


def _is_note_without_sign(line: Line, following: Sequence[Line]) -> bool:
    """Only notes break without a blank line; one set in by two spaces has lost its sign, and its start with it."""
    return line.indent >= 2 or bool(following and not following[0].gap and is_bare(following[0]))
