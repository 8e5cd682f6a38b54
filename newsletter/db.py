"""The database at the edge: one engine, sessions that read, and sessions that write.

SQLite runs with WAL and `synchronous=FULL`, since under NORMAL a power cut would forget an intent after the provider
took the mail. A writing session takes the write lock at its start (`BEGIN IMMEDIATE`), so that it never fails half-way
for a lock it could have waited for. PostgreSQL runs with `synchronous_commit=on`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from newsletter.errors import SettingsError

_BEGIN = "sqlite_begin"
_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""How an address may begin, and the driver that is meant."""


class Database:
    """An engine and the two kinds of session it hands out. Raises `SettingsError` for an address that is none."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one snapshot and writes nothing."""
        with self.engine.connect() as connection:
            connection = connection.execution_options(**{_BEGIN: "BEGIN"})  # noqa: PLW2901 -- the same connection, marked
            with Session(connection, expire_on_commit=False, autoflush=False) as session:
                yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose one transaction commits when the block ends, and leaves no trace when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, hide_parameters=True, connect_args={"timeout": 30, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(address, hide_parameters=True, pool_pre_ping=True)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _address(url: str) -> URL:
    """The address with its driver; the fault is named without the address, which may hold a password."""
    try:
        address = make_url(url)
        return address.set(drivername=_DRIVERS[address.drivername])
    except (ArgumentError, KeyError, ValueError):
        raise SettingsError(
            "NEWSLETTER_DATABASE_URL is no address of a database: write sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from None


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, in the kind we want
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE"))


def _prepare_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 -- psycopg's own, untyped here
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
