from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlmodel import select

from newsletter.db import Database
from subscribers.models import Subscriber

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_a_moment_comes_back_in_utc(database: Database) -> None:
    with database.write() as session:
        session.add(Subscriber(email="alice@example.com", email_key="alice@example.com", created_at=NOON))
    with database.read() as session:
        assert session.exec(select(Subscriber)).one().created_at == NOON


def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"), database.write() as session:
        session.add(Subscriber(created_at=datetime(2026, 9, 1)))  # noqa: DTZ001 -- the fault under test


def test_a_failed_block_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        session.add(Subscriber(created_at=NOON))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.exec(select(Subscriber)).all() == []


def test_the_sending_connection_is_durable(database: Database) -> None:
    """R-05: under SQLite's NORMAL a power cut forgets the intent after the provider took the mail."""
    with database.write() as session:
        if database.dialect == "sqlite":
            assert session.scalar(text("PRAGMA synchronous")) == 2
            assert session.scalar(text("PRAGMA journal_mode")) == "wal"
            assert session.scalar(text("PRAGMA foreign_keys")) == 1
        else:
            assert session.scalar(text("SHOW synchronous_commit")) == "on"


def test_an_error_does_not_tell_what_was_being_written(database: Database) -> None:
    """I11: a traceback ends in a log, and the values are addresses."""
    with pytest.raises(StatementError) as caught, database.write() as session:
        session.execute(text("INSERT INTO absent VALUES (:email)"), {"email": "alice@example.com"})
    assert "alice@example.com" not in str(caught.value)
