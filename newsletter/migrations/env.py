"""Alembic's entry: runs on the connection that `newsletter.migrations.run` hands over, or on the settings' database."""

from alembic import context
from sqlalchemy import Connection

from newsletter.tables import metadata


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate(context.config.attributes["connection"])
