"""What people write by hand is checked before anything keeps it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.errors import NotAnIssue
from newsletter.ingest.reader import read
from newsletter.issues.consistency import require_consistent
from newsletter.issues.content import Block, Content, Item, Row, Section, Source, SourceWarning, Table

SAMPLES = Path(__file__).parents[1] / "samples"
ITEM = Item("policy-1", "article", "policy", "제목", source=Source(organisation="Lab", date="2026-09"))
CONTENT = Content("A digest", 2026, 18, sections=(Section("policy", "Policy"),), items=(ITEM,))
DEEP = Table("t", ("a", "b"), (Row(("x",), ((Block("bullet", 100, "y"),),)),))


def with_item(**change: object) -> Content:
    return replace(CONTENT, items=(replace(ITEM, **change),))  # type: ignore[arg-type]


def test_a_right_issue_passes() -> None:
    require_consistent(CONTENT)
    require_consistent(with_item(source=Source(date="2026-02-28", url="https://example.com/a?b=c")))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_what_the_parsers_give_passes(path: Path) -> None:
    assert read(path.read_bytes(), path.name).items


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (replace(CONTENT, publication=" "), "publication"),
        (replace(CONTENT, year=10**30), "year"),
        (replace(CONTENT, year=-5), "year"),
        (replace(CONTENT, number=0), "number"),
        (replace(CONTENT, number=10**10), "number"),
        (replace(CONTENT, published_on="soon"), "published_on"),
        (replace(CONTENT, note="a\0b"), r"U\+0000"),
        (replace(CONTENT, items=(ITEM,) * 501), "at most 500"),
        (replace(CONTENT, sections=(*CONTENT.sections, *CONTENT.sections)), "stands twice"),
        (replace(CONTENT, sections=(Section("a/b", "A"),)), "can't be a key"),
        (replace(CONTENT, warnings=(SourceWarning("x", "y", line=10**30),)), "no line"),
        (with_item(id="a/b"), "item 'a/b': id"),
        (with_item(id=""), "item '': id"),
        (with_item(id="x" * 41), "at most 40"),
        (with_item(id="한글"), "id"),
        (with_item(page=10**30), "page"),
        (with_item(categories=("",)), "categories"),
        (with_item(categories=("*",)), "categories"),
        (with_item(categories=("A|B",)), "categories"),
        (with_item(suggested_categories=("A" * 65,)), "categories"),
        (with_item(source=Source(date="2026-13-45")), r"source\.date"),
        (with_item(source=Source(date="tomorrow")), r"source\.date"),
        (with_item(source=Source(url="javascript:alert(1)")), r"source\.url"),
        (with_item(source=Source(url='https://example.com/" onclick=')), r"source\.url"),
        (with_item(body=(Block("bullet", -1, "x"),)), "level"),
        (with_item(body=(DEEP,)), "level"),
        (with_item(body=(Block("note", 0, "a\0b"),)), r"U\+0000"),
    ],
)  # fmt: skip
def test_what_no_address_or_table_could_hold_is_named(content: Content, fault: str) -> None:
    with pytest.raises(NotAnIssue, match=fault):
        require_consistent(content)
