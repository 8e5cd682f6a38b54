"""Import of a subscriber file: streamed, a transaction per chunk, every row with one fate, one bad row stopping none.

A killed import leaves whole chunks; the same file again finds them unchanged and does the rest. A dry run makes the
same decisions and writes nothing.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol, TextIO

from sqlmodel import Session, col, update

from subscribers import bulk
from subscribers.bulk import Ruling, Run
from subscribers.csvfile import Line, RowProblem, Shape, cells, delimiter_of, lines, measure
from subscribers.errors import ImportRefused
from subscribers.fates import Fate, Terms, judge
from subscribers.met import Met
from subscribers.models import ImportRun, MailingList
from subscribers.rows import COLUMNS, Agreed, Row, RowReader, Vocabulary
from subscribers.store import choices, find_list
from subscribers.undo import Undone, undo

__all__ = ["COLUMNS", "Declaration", "Imported", "Options", "RejectedRow", "Sessions", "Undone", "import_file", "undo"]

CHUNK_ROWS = 2_000
"""Rows in a transaction: enough to make a synced commit cheap, few enough to keep other writers waiting briefly."""
_SHOWN = 100
_WRITTEN = frozenset({Fate.NEW, Fate.UPDATED})


class Sessions(Protocol):
    """The two kinds of session that the database hands out."""

    def read(self) -> AbstractContextManager[Session]:
        """One snapshot, nothing written."""
        ...

    def write(self) -> AbstractContextManager[Session]:
        """One transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Declaration:
    """The file's own word for all rows without their own: where and when people agreed, what proves it, who says so."""

    source: str
    date: datetime
    proof: str
    owner: str

    def __post_init__(self) -> None:
        if not all(text.strip() for text in (self.source, self.proof, self.owner)):
            raise ImportRefused("a consent declaration names source, date, proof and owner: fill in all four")


@dataclass(frozen=True, slots=True)
class Options:
    """How to import. `secrets` recognise erased addresses; `progress` is told bytes done and bytes in all."""

    is_dry_run: bool = False
    declaration: Declaration | None = None
    secrets: Sequence[bytes] = ()
    errors: TextIO | None = None
    """Where rejected rows are listed as CSV: line, reason."""
    progress: Callable[[int, int], None] = lambda _done, _total: None
    fault: Callable[[str], None] = lambda _point: None
    chunk_rows: int = CHUNK_ROWS


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not be used, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. The counts add up to its rows; `rejected` holds the first 100 of them."""

    import_id: int | None
    encoding: str
    counts: Mapping[Fate, int]
    rejected: Sequence[RejectedRow] = field(default_factory=tuple)

    @property
    def row_count(self) -> int:
        """All rows of the file."""
        return sum(self.counts.values())


def import_file(sessions: Sessions, slug: str, path: Path, now: datetime, options: Options | None = None) -> Imported:
    """Import a CSV file into a list. Raises `ImportRefused` (nothing changed) where it isn't such a file."""
    options = options or Options()
    shape = measure(path)
    with sessions.read() as session:
        mailing_list = find_list(session, slug)
        vocabulary = Vocabulary.of(choices(session, mailing_list.id or 0))
    source = lines(path, shape)
    header = next(source, None)
    if header is None or header.problem:
        raise ImportRefused(f"{path.name} has no readable first line: start it with the column names, as UTF-8 text")
    delimiter = delimiter_of(header.text)
    reader = RowReader(_header_cells(header, delimiter), vocabulary, mailing_list.time_zone, now)
    with closing(_Import(sessions, mailing_list, now, options)) as running:
        running.start(path.name, shape)
        for chunk in _chunks(source, options.chunk_rows):
            running.take(chunk, reader, delimiter)
            options.progress(chunk[-1].byte_count, shape.byte_count)
        return running.finish(shape)


class _Import:
    """One running import: its run row, its counts, and the addresses met so far."""

    def __init__(self, sessions: Sessions, mailing_list: MailingList, now: datetime, options: Options) -> None:
        self._sessions = sessions
        self._list = mailing_list
        self._now = now
        self._options = options
        self._counts: Counter[Fate] = Counter()
        self._rejected: list[RejectedRow] = []
        self._met = Met()
        self._run: Run | None = None
        declaration = options.declaration
        declared = Agreed(declaration.date, declaration.source) if declaration else None
        self._terms = Terms.of(mailing_list, declared)
        self._errors = csv.writer(options.errors) if options.errors else None
        if self._errors:
            self._errors.writerow(["line", "reason"])

    def start(self, file_name: str, shape: Shape) -> None:
        """Record the run, before any of its rows."""
        if self._options.is_dry_run:
            return
        row = ImportRun(
            list_id=self._list.id or 0,
            file_name=file_name[:400],
            file_digest=shape.digest,
            declaration=_as_words(self._options.declaration),
            started_at=self._now,
        )
        with self._sessions.write() as session:
            session.add(row)
            session.flush()
            self._run = Run(row.id or 0, row.list_id, self._now)

    def take(self, chunk: Sequence[Line], reader: RowReader, delimiter: str) -> None:
        """Decide and write the rows of one chunk, in one transaction."""
        rows = [row for line in chunk if (row := self._read(line, reader, delimiter)) is not None]
        rows = self._without_duplicates(rows)
        if self._run is None:
            with self._sessions.read() as session:
                self._count(self._rulings(session, rows))
            return
        with self._sessions.write() as session:
            rulings = self._rulings(session, rows)
            self._count(rulings)
            bulk.write(session, self._run, [ruling for ruling in rulings if ruling.verdict.fate in _WRITTEN])
            self._save_counts(session)
            self._options.fault("22")

    def finish(self, shape: Shape) -> Imported:
        """Close the run and report."""
        if self._run is not None:
            with self._sessions.write() as session:
                self._save_counts(session, finished_at=self._now)
        counts = {fate: self._counts[fate] for fate in Fate}
        return Imported(self._run.import_id if self._run else None, shape.encoding, counts, tuple(self._rejected))

    def close(self) -> None:
        """Drop the temporary file of addresses."""
        self._met.close()

    def _read(self, line: Line, reader: RowReader, delimiter: str) -> Row | None:
        try:
            return reader.read(_cells(line, delimiter))
        except RowProblem as problem:
            self._reject(line.number, str(problem))
            return None

    def _reject(self, number: int, reason: str) -> None:
        self._counts[Fate.REJECTED] += 1
        if len(self._rejected) < _SHOWN:
            self._rejected.append(RejectedRow(number, reason))
        if self._errors:
            self._errors.writerow([number, reason])

    def _without_duplicates(self, rows: Sequence[Row]) -> list[Row]:
        """The first usable row of an address counts; later ones are duplicates."""
        met = self._met.of([row.address.key for row in rows])
        kept = []
        for row in rows:
            if row.address.key in met:
                self._counts[Fate.DUPLICATE] += 1
            else:
                met.add(row.address.key)
                kept.append(row)
        self._met.add([row.address.key for row in kept])
        return kept

    def _rulings(self, session: Session, rows: Sequence[Row]) -> list[Ruling]:
        keys = [row.address.key for row in rows]
        people = bulk.people(session, self._list.id or 0, keys)
        silent = bulk.suppressed(session, self._list.slug, keys, people.subscribers, self._options.secrets)
        found = ((row, people.subscriptions.get(row.address.key)) for row in rows)
        return [
            Ruling(row, judge(row, known, is_suppressed=row.address.key in silent, terms=self._terms), known)
            for row, known in found
        ]

    def _count(self, rulings: Sequence[Ruling]) -> None:
        self._counts.update(ruling.verdict.fate for ruling in rulings)

    def _save_counts(self, session: Session, finished_at: datetime | None = None) -> None:
        assert self._run is not None
        counts = {fate.value: self._counts[fate] for fate in Fate}
        session.exec(
            update(ImportRun)
            .where(col(ImportRun.id) == self._run.import_id)
            .values(counts=counts, finished_at=finished_at)
        )


def _cells(line: Line, delimiter: str) -> list[str]:
    if line.problem:
        raise RowProblem(line.problem)
    return cells(line.text, delimiter)


def _header_cells(header: Line, delimiter: str) -> list[str]:
    try:
        return _cells(header, delimiter)
    except RowProblem as problem:
        raise ImportRefused(f"the first line: {problem}") from None


def _chunks(source: Iterator[Line], size: int) -> Iterator[list[Line]]:
    while chunk := list(islice(source, size)):
        yield chunk


def _as_words(declaration: Declaration | None) -> dict[str, str]:
    if declaration is None:
        return {}
    return {
        "source": declaration.source,
        "date": declaration.date.isoformat(),
        "proof": declaration.proof,
        "owner": declaration.owner,
    }
