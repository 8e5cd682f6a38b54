"""Insert what is not there yet, the same on both databases and safe against another writer doing the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_missing(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, passing over any that a UNIQUE constraint already knows.

    Give rows in an order that every writer shares: PostgreSQL locks them one by one, and two orders could deadlock.
    """
    if not rows:
        return
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(inspect(table).local_table).on_conflict_do_nothing(), rows)
