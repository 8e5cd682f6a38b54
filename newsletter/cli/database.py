"""`newsletter db`: upgrade, check."""

from __future__ import annotations

import typer
from sqlalchemy import text

from newsletter.bootstrap import open_product
from newsletter.cli.output import product, say, show
from newsletter.errors import StateError
from newsletter.jobs import campaigns
from newsletter.migrations import run
from newsletter.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command("upgrade")
def upgrade() -> None:
    """Create the database, or bring it to this version's schema."""
    parts = open_product(Settings.load())
    try:
        before = run.current(parts.database)
        run.upgrade(parts.database)
    finally:
        parts.close()
    say(f"The database has schema {run.head()}" + (" already." if before == run.head() else "."))


@app.command("check")
def check() -> None:
    """Look for damage: the schema, the file (SQLite), the sums of every campaign."""
    with product() as parts:
        if parts.database.dialect == "sqlite":
            with parts.database.read() as session:
                found = session.scalar(text("PRAGMA quick_check"))
            if found != "ok":
                raise StateError(f"The database file is damaged: {found}. Stop sending and restore a backup.")
        differences = run.differences(parts.database)
        if differences:
            raise StateError(f"The schema differs from this version's: {differences[0]}. Run `newsletter db upgrade`.")
        open_sums = campaigns.that_do_not_close(parts)
        if open_sums:
            raise StateError(f"The sums of campaign {', '.join(map(str, open_sums))} do not close. Keep a copy.")
    show("ok")
