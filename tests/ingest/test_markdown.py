"""The Markdown form says all that an issue can hold, and names the line of a fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.errors import NotAnIssue
from newsletter.ingest.markdown import parse
from newsletter.issues.content import Block, Content, Source, Table

ROOT = Path(__file__).parents[2]
HEAD = '+++\npublication = "바다"\nyear = 2026\nnumber = 7\n+++\n'


@pytest.fixture(scope="module")
def written() -> Content:
    return parse((ROOT / "tests" / "samples" / "written-from-scratch.md").read_text("utf-8"))


def test_the_head_names_the_issue(written: Content) -> None:
    assert (written.publication, written.key, written.published_on) == ("바다 기술 소식", "2026-07", "2026-09-14")
    assert written.note == "이번 호부터 국제 소식을 함께 싣습니다."


def test_sections_have_their_known_key_or_the_one_given(written: Content) -> None:
    assert [section.key for section in written.sections] == ["issue-focus", "international", "clipping", "notes"]


def test_items_have_the_id_given_or_one_by_place(written: Content) -> None:
    assert [item.id for item in written.items] == ["lighthouse", "international-1", "clipping-1", "notes-1"]
    assert [item.kind for item in written.items] == ["article", "article", "clipping", "clipping"]


def test_an_item_has_all_its_particulars(written: Content) -> None:
    item = written.item("lighthouse")
    assert item.source == Source("加", "Northpier", "2026-09-03", "2026-09-03", "https://example.com/lighthouse")
    assert item.reference == "Northpier, Winter Without a Crew, 2026.9.3."
    assert (item.categories, item.page) == (("모빌리티", "로봇"), 1)
    assert item.summary.startswith("사람이 타지 않는")
    assert written.item("international-1").source.date == "2026-08"


def test_blocks_of_every_kind_are_read(written: Content) -> None:
    blocks = [block for block in written.item("lighthouse").body if isinstance(block, Block)]
    assert [(block.kind, block.level) for block in blocks] == [
        ("paragraph", 0), ("bullet", 0), ("bullet", 1), ("note", 0), ("note", 0), ("footnote", 0), ("footnote", 1)
    ]  # fmt: skip
    assert blocks[0].text.endswith("공개했습니다. 둘째 줄은 같은 문단으로 이어집니다.")


def test_tables_have_captions_levels_and_blocks_in_cells(written: Content) -> None:
    table = written.item("lighthouse").body[-1]
    assert isinstance(table, Table)
    assert (table.caption, table.columns) == ("점검 결과", ("구분", "주요 내용", "기간"))
    assert [row.labels for row in table.rows] == [("전원", "전지"), ("등명기",)]
    assert [(block.kind, block.level) for block in table.rows[0].cells[0]] == [
        ("bullet", 0), ("bullet", 1), ("note", 0), ("footnote", 0)
    ]  # fmt: skip
    assert table.rows[1].cells[1] == (Block("bullet", 0, "반년 | 상반기"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# 가\n", "has no head"),
        ("+++\npublication = 1\n", "has no head"),
        ("+++\npublication = \n+++\n", "not TOML"),
        ('+++\npublication = "가"\nyear = 2026\n+++\n', "number: Field required"),
        ('+++\npublication = "가"\nyear = 2026\nnumber = 1\nnunber = 2\n+++\n', "nunber: Extra inputs"),
        (HEAD, "holds no item"),
        (HEAD + "# 가\n", "holds no item"),
        (HEAD + "글\n", "Line 6 .* before the first"),
        (HEAD + "## 가\n", "Line 6 .* needs a '# Section'"),
        (HEAD + "# 가\n# 가\n", "Line 7 .* stands twice"),
        (HEAD + "# 가\n## {#a}\n", "Line 7 .* needs a title"),
        (HEAD + "# 가\n## 나 {#a}\n## 다 {#a}\n", "The id 'a' stands twice"),
        (HEAD + "# 가\n## 나\ndate: 9.14\n", "Line 8 .* a date is written"),
        (HEAD + "# 가\n## 나\npage: 한 쪽\n", "Line 8 .* a page is a number"),
        (HEAD + "# 가\n## 나\nkind: story\n", "Line 8 .* kind is"),
        (HEAD + "# 가\n## 나\nurl: javascript:x\n", "Line 8 .* begins with https"),
        (HEAD + "# 가\n## 나\npage: 1\npage: 2\n", "Line 9 .* stands twice"),
        (HEAD + "# 가\n## 나\n\n| a | b |\n| 1 | 2 |\n", "Line 10 .* stands a rule"),
        (HEAD + "# 가\n## 나\n\n| a | b |\n|---|---|\n| 1 |\n", "Line 11 .* 1 columns"),
        (HEAD + "# 가\n## 나\n\nTable: 제목\n", "Line 9 .* no table stands below"),
        (HEAD + "# " + "a" * 40 + " {#" + "k" * 40 + "}\n", "Line 6 .* at most 32"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(NotAnIssue, match=says):
        parse(text)


def test_the_example_in_the_documentation_is_an_issue() -> None:
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    example = re.search(r"```markdown\n(.*?)```", page, re.DOTALL)
    assert example is not None
    content = parse(example[1])
    assert {block.kind for item in content.items for block in item.body} == {
        "paragraph", "bullet", "note", "footnote", "table"
    }  # fmt: skip
    assert {item.kind for item in content.items} == {"article", "clipping"}
