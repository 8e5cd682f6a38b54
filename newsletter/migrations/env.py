"""Alembic's entry: runs on the connection that `newsletter.migrations.run` hands over, or on the settings' database."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel.sql.sqltypes import AutoString

from newsletter.tables import metadata
from subscribers.columns import UTCDateTime


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write plain SQLAlchemy types into a new migration: it must run long after our own types have changed."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length})"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate(context.config.attributes["connection"])
