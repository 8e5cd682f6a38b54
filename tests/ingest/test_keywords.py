"""Suggested categories: from the title or three points, never from tables and notes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from newsletter.errors import InputError
from newsletter.ingest.keyword_file import load_keywords
from newsletter.ingest.keywords import KeywordCategory, suggest
from newsletter.ingest.trendwatch import parse
from newsletter.issues.content import Block, Content, Item, Row, Section, Table

if TYPE_CHECKING:
    from tests.ingest.conftest import Expected

TABLE = (
    KeywordCategory("에너지·탄소중립", "Energy", ("에너지",), ("탄소 중립", "태양광")),
    KeywordCategory("AI", "AI", (), ("AI", "인공지능")),
)


def article(title: str, *body: Block | Table, categories: tuple[str, ...] = ()) -> Content:
    item = Item("a-1", "article", "a", title, body=body, categories=categories)
    return Content("간행물", 2026, 1, sections=(Section("a", "가"),), items=(item,))


def points(text: str, count: int, kind: str = "bullet") -> tuple[Block, ...]:
    return tuple(Block("note" if kind == "note" else "bullet", 0, text) for _ in range(count))


def suggested(content: Content) -> tuple[str, ...]:
    return suggest(content, TABLE).items[0].suggested_categories


def test_an_issue_gets_its_suggestions_from_the_shipped_file(expected: Expected) -> None:
    content = suggest(parse(expected.text), load_keywords())
    articles = [item for item in content.items if item.kind == "article"]
    assert sum(len(item.suggested_categories) for item in articles) == expected.suggestions
    assert all(item.suggested_categories for item in articles)
    assert not any(item.suggested_categories for item in content.items if item.kind == "clipping")


def test_a_title_is_enough() -> None:
    assert suggested(article("탄소 중립 AI")) == ("에너지·탄소중립", "AI")


def test_three_points_are_enough_and_two_are_not() -> None:
    assert suggested(article("제목", *points("태양광 확대", 3))) == ("에너지·탄소중립",)
    assert suggested(article("제목", *points("태양광 확대", 2))) == ()


def test_notes_and_tables_do_not_count() -> None:
    cell = tuple(Block("bullet", 0, "태양광") for _ in range(9))
    table = Table("태양광", ("구분", "내용"), (Row(("태양광",), (cell,)),))
    assert suggested(article("제목", *points("태양광", 9, "note"), table)) == ()


def test_a_space_in_a_keyword_is_optional() -> None:
    assert suggested(article("탄소중립 선언")) == ("에너지·탄소중립",)


@pytest.mark.parametrize(
    ("title", "found"), [("KAIST 발표", False), ("생성AI법", True), ("AI법", True), ("AIX", False)]
)
def test_latin_keywords_stand_alone(title: str, found: bool) -> None:
    assert (suggested(article(title)) == ("AI",)) is found


def test_a_category_that_the_article_has_is_not_suggested_again() -> None:
    assert suggested(article("태양광", categories=("에너지",))) == ()


def test_a_category_without_keywords_suggests_nothing() -> None:
    assert suggest(article("아무 말"), (KeywordCategory("가", "a", (), ()),)).items[0].suggested_categories == ()


def test_the_publisher_s_own_file_is_used(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[category]]\nko = "바다"\nen = "Sea"\nkeywords = ["항만"]\n', "utf-8")
    assert suggest(article("항만 소식"), load_keywords(own)).items[0].suggested_categories == ("바다",)


@pytest.mark.parametrize(
    "text",
    ["[[category]", '[[category]]\nko = "가"\n', '[[category]]\nko = 1\nen = "a"\n', 'other = "x"\n'],
)
def test_a_faulty_file_is_named(tmp_path: Path, text: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"own\.toml can't be used"):
        load_keywords(own)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        load_keywords(tmp_path / "none.toml")
