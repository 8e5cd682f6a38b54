"""The tables behind the inbox and the events: SQLite, one connection, one lock.

Everything here follows from the journal; nothing here is a promise to the sender. So it is synced lazily, and written
off the accept path.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from newsletter.sandbox.mail import Mail
from newsletter.sandbox.telling import Told

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail as the inbox lists it; `seq` orders mails by arrival."""

    seq: int
    id: str
    message_id: str
    number: int
    address: str
    name: str
    subject: str
    accepted_at: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Events framed into one body; `attempts` counts the posts so far."""

    seq: int
    body: bytes
    formed_at: float
    attempts: int
    events: int


class Store:
    """Every query of the stand-in."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(resources.files("newsletter.sandbox").joinpath("tables.sql").read_text())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nothing else gets in between."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # --- following the journal -------------------------------------------------------------------------------------

    def progress(self) -> int:
        """How far the journal has been read, in bytes."""
        return self._number("SELECT value FROM progress WHERE name = 'journal'") or 0

    def advance(self, offset: int) -> None:
        """Remember that everything before `offset` has been taken in."""
        self._run("INSERT OR REPLACE INTO progress VALUES ('journal', ?)", (offset,))

    def add_request(self, message_id: str, place: int, mails: int) -> None:
        """Where the journal keeps this request."""
        self._run("INSERT OR IGNORE INTO request VALUES (?, ?, ?)", (message_id, place, mails))

    def add_mails(self, mails: Iterable[Mail]) -> None:
        """List mails in the inbox, in the order of the request."""
        rows = ((m.id, m.message_id, m.number, m.address, m.name, m.subject, m.accepted_at) for m in mails)
        columns = "id, message_id, number, address, name, subject, accepted_at"
        self._many(f"INSERT OR IGNORE INTO mail ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608 - constant

    # --- suppression -----------------------------------------------------------------------------------------------

    def suppressed(self, addresses: Sequence[str]) -> dict[str, str]:
        """Which of these are on the suppression list, in lower case, and why."""
        found: dict[str, str] = {}
        for start in range(0, len(addresses), _CHUNK):
            part = addresses[start : start + _CHUNK]
            marks = ", ".join("?" * len(part))
            rows = self._all(f"SELECT address, reason FROM suppression WHERE address IN ({marks})", part)  # noqa: S608 - only marks
            found.update({row["address"].lower(): row["reason"] for row in rows})
        return found

    def suppress(self, rows: Iterable[tuple[str, str]]) -> None:
        """Put (address, reason) on the list; the first reason stays."""
        self._many("INSERT OR IGNORE INTO suppression VALUES (?, ?)", rows)

    def suppressions(self) -> dict[str, str]:
        """The whole list."""
        return {row["address"]: row["reason"] for row in self._all("SELECT * FROM suppression ORDER BY address")}

    def forgive(self, address: str | None) -> int:
        """Take one address, or all, off the list; how many there were."""
        with self._lock:
            clause, values = ("WHERE address = ?", (address,)) if address else ("", ())
            return self._db.execute(f"DELETE FROM suppression {clause}", values).rowcount  # noqa: S608 - constant

    # --- events ----------------------------------------------------------------------------------------------------

    def add_events(self, events: Iterable[Told]) -> None:
        """Events that wait for their time."""
        rows = ((one.mail_id, one.kind, one.due, one.body) for one in events)
        self._many("INSERT INTO event (mail_id, kind, due, body) VALUES (?, ?, ?, ?)", rows)

    def due_events(self, until: float, max_bytes: int) -> list[tuple[int, bytes]]:
        """The oldest waiting events due by `until`, as many as fit into one body (at least one)."""
        found: list[tuple[int, bytes]] = []
        size = 0
        with self._lock:
            query = "SELECT seq, body FROM event WHERE batch IS NULL AND due <= ? ORDER BY due, seq"
            for seq, body in self._db.execute(query, (until,)):
                size += len(body) + 3
                if found and size > max_bytes:
                    break
                found.append((seq, body))
        return found

    def add_batch(self, body: bytes, at: float, events: Sequence[int]) -> None:
        """Frame these events into one body, to be posted from now on."""
        with self.transaction():
            query = "INSERT INTO batch (body, formed_at, next_at, events) VALUES (?, ?, ?, ?)"
            seq = self._db.execute(query, (body, at, at, len(events))).lastrowid
            self._many("UPDATE event SET batch = ? WHERE seq = ?", ((seq, event) for event in events))

    def open_batches(self, until: float) -> list[Batch]:
        """Batches to be posted by `until`, oldest first; few, since the rest is refused again anyhow."""
        query = (
            "SELECT seq, body, formed_at, attempts, events FROM batch "
            "WHERE settled = 0 AND next_at <= ? ORDER BY seq LIMIT 20"
        )
        return [Batch(**row) for row in self._all(query, (until,))]

    def settle(self, batch: int, *, keep: bool) -> None:
        """The receiver took this batch (or it is given up): its body is no longer needed."""
        with self.transaction():
            self._run("UPDATE batch SET settled = 1, body = x'' WHERE seq = ?", (batch,))
            if keep:
                self._run("UPDATE event SET posted = 1 WHERE batch = ?", (batch,))
            else:
                self._run("DELETE FROM event WHERE batch = ?", (batch,))

    def postpone(self, batch: Batch, next_at: float, body: bytes) -> None:
        """Try `batch` again at `next_at`, with `body`."""
        query = "UPDATE batch SET attempts = ?, next_at = ?, body = ? WHERE seq = ?"
        self._run(query, (batch.attempts + 1, next_at, body, batch.seq))

    def events_of(self, mail_id: str) -> list[dict[str, Any]]:
        """What has been or will be told about a mail, by time."""
        query = "SELECT kind, due, posted, body FROM event WHERE mail_id = ? ORDER BY due, seq"
        return [dict(row) for row in self._all(query, (mail_id,))]

    # --- looking ---------------------------------------------------------------------------------------------------

    def mails(self, search: str = "", before: int | None = None, limit: int = 50) -> list[Listed]:
        """The newest mails whose address or name holds `search`, older than `before`."""
        pattern = "%" + search.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        query = (
            r"SELECT * FROM mail WHERE (address LIKE ? ESCAPE '\' OR name LIKE ? ESCAPE '\') "
            "AND seq < ? ORDER BY seq DESC LIMIT ?"
        )
        newest = (1 << 62) if before is None else before
        return [Listed(**row) for row in self._all(query, (pattern, pattern, newest, limit))]

    def mail(self, mail_id: str) -> Listed | None:
        """One mail by its id."""
        rows = self._all("SELECT * FROM mail WHERE id = ?", (mail_id,))
        return Listed(**rows[0]) if rows else None

    def place_of(self, message_id: str) -> int | None:
        """Where the journal keeps a request."""
        return self._number("SELECT place FROM request WHERE message_id = ?", (message_id,))

    def places(self) -> list[int]:
        """Where every request stands, oldest first."""
        return [row["place"] for row in self._all("SELECT place FROM request ORDER BY place")]

    def latest_kinds(self, mail_ids: Sequence[str]) -> dict[str, list[str]]:
        """The kinds of events of each of these mails, in the order they happened."""
        marks = ", ".join("?" * len(mail_ids))
        query = f"SELECT mail_id, kind FROM event WHERE mail_id IN ({marks}) ORDER BY due, seq"  # noqa: S608 - only marks
        return _by_mail(self._all(query, mail_ids))

    def kinds_of_request(self, message_id: str) -> dict[str, list[str]]:
        """The same for every mail of a request."""
        # The ids of a request's mails are one range of the index: `.` is followed by `/`.
        query = "SELECT mail_id, kind FROM event WHERE mail_id > ? AND mail_id < ? ORDER BY due, seq"
        return _by_mail(self._all(query, (f"{message_id}.", f"{message_id}/")))

    def counts(self) -> dict[str, int]:
        """Figures for the statistics."""
        queries = {
            "requests_accepted": "SELECT count(*) FROM request",
            "mails_accepted": "SELECT coalesce(sum(mails), 0) FROM request",
            "addresses": "SELECT count(DISTINCT address) FROM mail",
            "events_waiting": "SELECT count(*) FROM event WHERE batch IS NULL",
            "events_posted": "SELECT coalesce(sum(events), 0) FROM batch WHERE settled = 1",
            "events_unanswered": "SELECT coalesce(sum(events), 0) FROM batch WHERE settled = 0",
            "batches_unanswered": "SELECT count(*) FROM batch WHERE settled = 0",
            "suppressed": "SELECT count(*) FROM suppression",
        }
        return {name: self._number(query) or 0 for name, query in queries.items()}

    def mails_by_event(self) -> dict[str, int]:
        """How many mails had an event of each kind; opens by people and by machines apart."""
        query = """
            SELECT iif(json_extract(body, '$.sg_machine_open'), 'machine_open', kind) AS what,
                   count(DISTINCT mail_id) AS mails
            FROM event GROUP BY what ORDER BY what"""
        return {row["what"]: row["mails"] for row in self._all(query)}

    # --- plumbing --------------------------------------------------------------------------------------------------

    def _all(self, query: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        with self._lock:
            cursor = self._db.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _number(self, query: str, values: Sequence[object] = ()) -> int | None:
        rows = self._all(query, values)
        return int(next(iter(rows[0].values()))) if rows else None

    def _run(self, query: str, values: Sequence[object] = ()) -> None:
        with self._lock:
            self._db.execute(query, values)

    def _many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        with self._lock:
            self._db.executemany(query, rows)


def _by_mail(rows: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for row in rows:
        kinds.setdefault(row["mail_id"], []).append(row["kind"])
    return kinds
