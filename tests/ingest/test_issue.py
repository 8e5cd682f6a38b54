"""What an issue in the published layout gives. Runs on a real issue where NEWSLETTER_REAL_ISSUE names one."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from newsletter.errors import NotAnIssue
from newsletter.ingest.trendwatch import parse
from newsletter.issues.content import Block, Content, Item, Table

if TYPE_CHECKING:
    from tests.ingest.conftest import Expected


def tables(content: Content) -> list[Table]:
    return [block for item in content.items for block in item.body if isinstance(block, Table)]


def blocks(item: Item, kind: str) -> list[Block]:
    return [block for block in item.body if isinstance(block, Block) and block.kind == kind]


def codes(content: Content) -> Counter[str]:
    return Counter(warning.code for warning in content.warnings)


def lines_of(content: Content, code: str) -> list[int | None]:
    return [warning.line for warning in content.warnings if warning.code == code]


def test_an_issue_holds_one_focus_four_trends_four_policies_and_eight_clippings(expected: Expected) -> None:
    content = parse(expected.text)
    assert [(section.key, section.title) for section in content.sections] == [
        ("issue-focus", "이슈포커스"),
        ("industry-tech", "산업·기술 동향"),
        ("policy", "정책 동향"),
        ("clipping", "유망기술 클리핑"),
    ]
    assert [len(list(content.in_section(section.key))) for section in content.sections] == [1, 4, 4, 8]
    assert Counter(item.kind for item in content.items) == {"article": 9, "clipping": 8}


def test_tables_have_their_rows_in_order(expected: Expected) -> None:
    found = tables(parse(expected.text))
    assert [len(table.rows) for table in found] == expected.rows
    assert all(row.labels and all(row.labels) for table in found for row in table.rows)


def test_every_article_has_its_reference_and_its_date(expected: Expected) -> None:
    articles = [item for item in parse(expected.text).items if item.kind == "article"]
    assert sum(bool(item.reference) for item in articles) == 9
    assert all(item.source.date and item.reference.endswith(".") for item in articles)
    assert not any("참고" in item.reference[:4] or item.reference.endswith(")") for item in articles)


def test_every_clipping_has_category_source_and_date(expected: Expected) -> None:
    assert [item.categories for item in parse(expected.text).in_section("clipping")] == expected.categories
    for item in parse(expected.text).in_section("clipping"):
        assert item.categories
        assert item.source.organisation
        assert item.source.date
        assert isinstance(item.body[0], Block)
        assert (item.body[0].kind, item.body[0].level) == ("bullet", 0)


def test_damaged_text_is_found_where_it_stands_and_nowhere_else(expected: Expected) -> None:
    content = parse(expected.text)
    assert lines_of(content, "damaged-text") == expected.damaged
    for warning in content.warnings:
        if warning.code == "damaged-text" and warning.item:
            texts = {block.text for block in content.item(warning.item).body if isinstance(block, Block)}
            assert warning.text in texts


def test_categories_that_disagree_are_both_kept(expected: Expected) -> None:
    content = parse(expected.text)
    assert lines_of(content, "category-mismatch") == expected.mismatches
    two = [item.id for item in content.items if len(item.categories) == 2]
    assert two == [warning.item for warning in content.warnings if warning.code == "category-mismatch"]


def test_guesses_are_few_and_every_warning_names_its_line(expected: Expected) -> None:
    content = parse(expected.text)
    assert codes(content)["join-guessed"] <= 5
    assert not codes(content)["unplaced-text"]
    assert all(warning.line for warning in content.warnings)


def test_no_sign_of_the_layout_is_left_in_the_text(expected: Expected) -> None:
    for item in parse(expected.text).items:
        for block in item.body:
            inner = [block] if isinstance(block, Block) else [b for r in block.rows for c in r.cells for b in c]
            assert not [b.text for b in inner if re.match(r"[-∙※]\s|▘|\*\s", b.text) or "❚" in b.text or "  " in b.text]


def test_ids_are_short_and_safe_in_an_address(expected: Expected, partial: Content) -> None:
    for item in (*parse(expected.text).items, *partial.items):
        assert re.fullmatch(r"[a-z0-9-]{1,40}", item.id)


def test_ids_survive_a_corrected_title_body_date_and_category(sample: Content, sample_text: str) -> None:
    corrected = sample_text.replace("물류 창고 휴머노이드", "물류창고 인간형 로봇").replace("9.10", "9.11")
    corrected = corrected.replace("(에너지) 도로", "(모빌리티) 도로").replace(
        "시험 방법의 표준화", "시험 절차의 표준화"
    )
    again = parse(corrected)
    assert [item.id for item in again.items] == [item.id for item in sample.items]
    assert [item.title for item in again.items] != [item.title for item in sample.items]


def test_parsing_twice_gives_the_same(sample: Content, sample_text: str) -> None:
    assert parse(sample_text) == sample


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_do_not_matter(sample: Content, sample_text: str, end: str) -> None:
    assert parse(sample_text.replace("\n", end)) == sample


def test_a_text_without_its_masthead_is_not_an_issue(sample_text: str) -> None:
    with pytest.raises(NotAnIssue, match="no line reads"):
        parse(sample_text.replace("호 요약", "호"))


def test_an_issue_without_any_item_is_not_one() -> None:
    with pytest.raises(NotAnIssue, match="holds no item"):
        parse("기술 동향 브리핑 2026년 18호 요약\n\n구분 주요 내용 페이지\n")


def test_an_issue_cut_off_after_its_summary_keeps_every_item_with_a_warning(sample_text: str) -> None:
    content = parse(sample_text[: sample_text.index("1 ❚")])
    assert len(content.items) == 17
    assert codes(content)["body-missing"] == 17
    assert all(item.summary for item in content.items)


def test_a_body_without_its_page_marks_is_found_by_its_titles(sample: Content, sample_text: str) -> None:
    content = parse("\n".join(line for line in sample_text.split("\n") if "❚" not in line))
    assert [item.title for item in content.items] == [item.title for item in sample.items]
    assert [len(item.body) for item in content.items] == [len(item.body) for item in sample.items]


def test_a_list_without_end_is_no_issue() -> None:
    with pytest.raises(NotAnIssue, match="more than 200 items"):
        parse("기술 동향 브리핑 2026년 18호 요약\n" + "∙ 제목 (기관, 9.10)\n- 요약\n" * 300)
    with pytest.raises(NotAnIssue, match="20,000 lines"):
        parse("기술 동향 브리핑 2026년 18호 요약\n" + "가\n" * 30_000)
