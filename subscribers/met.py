"""Which addresses a file has named before, without holding them in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


class Met:
    """The addresses that a file has named so far, in a temporary file, so that memory stays the same for any file."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode=OFF")
        self._file.execute("PRAGMA synchronous=OFF")
        self._file.execute("CREATE TABLE met (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def of(self, keys: Sequence[str]) -> set[str]:
        """Those of these keys that were met before."""
        marks = ",".join("?" * len(keys))
        found = self._file.execute(f"SELECT key FROM met WHERE key IN ({marks})", keys)  # noqa: S608 -- only `?` marks
        return {key for (key,) in found}

    def add(self, keys: Sequence[str]) -> None:
        """Remember these keys."""
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR IGNORE INTO met VALUES (?)", ((key,) for key in keys))
        self._file.execute("COMMIT")

    def close(self) -> None:
        """Forget all of them."""
        self._file.close()
