"""Who may write which table, read off the code: a second writer is a defect, wherever it hides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WRITERS = {
    "Delivery": "newsletter/delivery/ledger/",
    "Batch": "newsletter/delivery/ledger/",
    "Request": "newsletter/delivery/ledger/",
    "Decision": "newsletter/delivery/ledger/",
    "ProviderState": "newsletter/delivery/ledger/",
    "Exclusion": "newsletter/delivery/ledger/",
    "Variant": "newsletter/campaigns/store.py",
    "VariantItem": "newsletter/campaigns/store.py",
    "Choice": "newsletter/campaigns/store.py",
    "Wave": "newsletter/campaigns/store.py",
    "CampaignIssue": "newsletter/campaigns/store.py",
    "Issue": "newsletter/issues/store.py",
    "IssueVersion": "newsletter/issues/store.py",
    "ItemVersion": "newsletter/issues/store.py",
    "InboxPost": "newsletter/events/",
    "Event": "newsletter/events/",
    "Fact": "newsletter/events/",
    "Quarantine": "newsletter/events/",
}
TABLES_OF = {
    "newsletter.delivery.models",
    "newsletter.campaigns.models",
    "newsletter.issues.models",
    "newsletter.events.models",
}


def writes(source: str) -> Iterator[tuple[str, int]]:
    """(table, line) of every place that builds a row, or inserts into, updates or deletes from a table of ours."""
    tree = ast.parse(source)
    ours = {
        name.asname or name.name: name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in TABLES_OF
        for name in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        called = node.func.id
        if called in ours:
            yield ours[called], node.lineno
        first = node.args[0] if node.args else None
        if called in {"insert", "update", "delete"} and isinstance(first, ast.Name) and first.id in ours:
            yield ours[first.id], node.lineno


def product_files() -> list[Path]:
    folders = (ROOT / "newsletter", ROOT / "subscribers")
    return [path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts]


def test_every_table_is_written_in_its_one_place() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line} writes {table}"
        for path in product_files()
        for table, line in writes(path.read_text(encoding="utf-8"))
        if table in WRITERS and not str(path.relative_to(ROOT)).startswith(WRITERS[table])
    ]
    assert faults == []


def test_each_of_these_tables_has_a_writer() -> None:
    written = {table for path in product_files() for table, _ in writes(path.read_text(encoding="utf-8"))}
    assert WRITERS.keys() - written == set()


@pytest.mark.parametrize(
    "line", ["session.add(Batch(state=1))", "session.execute(update(Batch).values(state=1))", "delete(Batch)"]
)
def test_a_second_writer_would_be_seen(line: str) -> None:
    """Negative control."""
    assert list(writes(f"from newsletter.delivery.models import Batch\n{line}\n"))
