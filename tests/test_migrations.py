"""The schema that migrations make is the schema that the models say, on both databases, and back again."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from newsletter.db import Database
from newsletter.errors import StateError
from newsletter.migrations import run


def test_migrations_and_models_are_in_step(database: Database) -> None:
    assert run.current(database) == run.head()
    assert run.differences(database) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    run.upgrade(database)
    assert run.current(database) == run.head()


def test_down_and_up_again_gives_the_same(database: Database) -> None:
    run.downgrade(database, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    run.upgrade(database)
    assert run.differences(database) == []


def test_a_database_of_another_schema_is_refused_with_the_remedy(database: Database) -> None:
    run.require_current(database)
    run.downgrade(database, "base")
    with pytest.raises(StateError, match="newsletter db upgrade"):
        run.require_current(database)


def test_a_column_that_the_models_do_not_know_would_be_seen(database: Database) -> None:
    """Negative control."""
    with database.write() as session:
        session.execute(text("ALTER TABLE issue ADD COLUMN stray INTEGER"))
    assert run.differences(database)
