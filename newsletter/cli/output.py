"""How commands speak: results on stdout, everything about them on stderr, progress for what takes over a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from newsletter.bootstrap import open_product
from newsletter.jobs.product import Product
from newsletter.jobs.product import Progress as Report
from newsletter.migrations.run import require_current
from newsletter.settings import Settings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def product() -> Iterator[Product]:
    """The product on its migrated database, closed afterwards."""
    parts = open_product(Settings.load())
    try:
        require_current(parts.database)
        yield parts
    finally:
        parts.close()


@contextmanager
def progress() -> Iterator[Report]:
    """A bar per step on a terminal, nothing in a pipe; it goes away when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


def say(text: str) -> None:
    """A line about what was done."""
    err.print(text, markup=False)


def show(text: str) -> None:
    """A line of result."""
    out.print(text, markup=False)


def show_json(value: object) -> None:
    """A result for scripts."""
    raw = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    out.file.write(raw.decode())


def show_table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A result for people."""
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out.print(table)


def show_error(text: str) -> None:
    """What went wrong and what to do."""
    err.print(f"error: {text}", markup=False)
