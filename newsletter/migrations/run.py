"""Bring a database to the current schema, and say where it stands. The same files run on both databases."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from newsletter.db import Database
from newsletter.errors import StateError
from newsletter.tables import metadata


def upgrade(database: Database) -> None:
    """Run all migrations that are missing. On SQLite the whole run is one transaction; on PostgreSQL likewise."""
    with database.engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def downgrade(database: Database, revision: str) -> None:
    """Go back to a revision (`base` empties the database). For tests and for emergencies."""
    with database.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def current(database: Database) -> str | None:
    """The revision the database stands at, or None where it is empty. Raises `StateError` where it can't be opened."""
    try:
        with database.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        why = " ".join(str(error.orig).split())
        raise StateError(
            f"The database can't be opened: {why}. Is it running, and NEWSLETTER_DATABASE_URL right?"
        ) from error


def head() -> str:
    """The revision this code wants."""
    revision = ScriptDirectory(str(Path(__file__).parent)).get_current_head()
    assert revision is not None
    return revision


def require_current(database: Database) -> None:
    """Raise `StateError` with the remedy where the schema is not the one this code wants."""
    found = current(database)
    if found != head():
        what = "is empty" if found is None else f"has the schema {found}, this version wants {head()}"
        raise StateError(f"The database {what}. Run `newsletter db upgrade`.")


def differences(database: Database) -> list[object]:
    """What the models say and the migrated database does not: empty when both are in step."""
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
