"""Layouts that no sample has: each is kept, and each has its warning."""

from __future__ import annotations

from newsletter.ingest.trendwatch import parse
from newsletter.issues.content import Block, Content, Table

SUMMARY = """ 요약

i ❚

시험 소식 2026년 18호 요약

구분 주요 내용 페이지

정책

동향

∙ 등대 점검 제도 개편 (英 Harbour Office, 9.1)

- 등대 점검 제도를 바꾸는 안

1

❚ ii

구분 주요 내용 페이지

유망

기술

클리핑

∙ (로봇) 그물을 깁는 손

- 찢어진 그물을 스스로 깁는 로봇 손
 정책 동향

1 ❚

"""
HEADING = "등대 점검 제도 개편 (英 Harbour Office, 9.1)\n\n영국 항만청이 점검 제도를 개편\n\n"
TABLE = "분류 기술명 주요 내용 출처\n\n로봇\n\n그물을 깁는 손\n\n∙ 그물을 깁는 로봇 손\n\n"


def codes(content: Content) -> list[str]:
    return [warning.code for warning in content.warnings if warning.code != "body-missing"]


def policy(body: str) -> Content:
    return parse(SUMMARY + HEADING + body)


def clipping(body: str) -> Content:
    return parse(SUMMARY + HEADING + TABLE + body)


def a_table(content: Content) -> Table:
    return next(block for block in content.item("policy-1").body if isinstance(block, Table))


def test_the_plain_form_has_no_warning() -> None:
    assert codes(clipping("BBC\n\n(9.2)\n")) == []


def test_a_table_whose_first_row_has_no_label() -> None:
    content = policy("▘점검 주기▗\n구분 주요 내용\n\n∙ 해마다 두 번\n\n등명기\n\n∙ 달마다 한 번\n")
    assert codes(content) == ["label-missing"]
    assert [row.labels for row in a_table(content).rows] == [(), ("등명기",)]


def test_a_table_without_rows_keeps_its_caption_and_the_text_below() -> None:
    content = policy("▘점검 주기▗\n구분 주요 내용\n\n- 표가 비어 있는 경우\n")
    assert codes(content) == ["table-without-rows"]
    assert a_table(content).caption == "점검 주기"
    assert content.item("policy-1").body[-1] == Block("bullet", 0, "표가 비어 있는 경우")


def test_a_table_head_may_be_repeated_on_the_next_page() -> None:
    content = policy(
        "▘점검 주기▗\n구분 주요 내용\n\n등명기\n\n∙ 달마다 한 번\n\n❚ 2\n\n구분 주요 내용\n\n전지\n\n∙ 해마다 두 번\n"
    )
    assert codes(content) == []
    assert [row.labels for row in a_table(content).rows] == [("등명기",), ("전지",)]


def test_a_source_that_differs_from_the_summary_s() -> None:
    content = parse(SUMMARY + HEADING.replace("Harbour Office", "Port Office"))
    assert codes(content) == ["source-mismatch"]
    assert content.item("policy-1").source.organisation == "Harbour Office"


def test_a_second_source_is_told_and_not_kept() -> None:
    content = clipping("BBC\n\n(9.2)\n\n  - 뒤에 이어지는 설명\n\nSea\n\n(9.3)\n")
    assert codes(content) == ["second-source"]
    assert content.item("clipping-1").source.organisation == "BBC"


def test_the_same_source_twice_is_no_doubt() -> None:
    assert codes(clipping("BBC\n\n(9.2)\n\n  - 뒤에 이어지는 설명\n\nBBC\n\n(9.2)\n")) == []


def test_a_source_without_a_name_is_told() -> None:
    content = clipping("(9.2)\n")
    assert codes(content) == ["source-unnamed"]
    assert content.item("clipping-1").source.date == "2026-09-02"


def test_a_latin_source_below_text_that_ends_in_a_space_is_a_source() -> None:
    content = clipping("  - 그물코의 크기를 알아보고 실을 골라 깁는 방식 \n\nSeanote\n\n(9.2)\n")
    assert content.item("clipping-1").source.organisation == "Seanote"
    content = clipping("  - 그물코의 크기를 알아보고 실을 고르며 움직이는 \n\nAI\n\nSeanote\n\n(9.2)\n")
    assert content.item("clipping-1").source.organisation == "Seanote"


def test_warnings_without_end_are_cut_short() -> None:
    content = parse(SUMMARY + "※ 어디에도 속하지 않음\n\n" * 1500)
    assert len(content.warnings) == 1001
    assert "many-warnings" in {warning.code for warning in content.warnings}


def test_an_item_above_any_section_stands_in_a_section_of_its_own() -> None:
    content = parse(SUMMARY.replace("정책\n\n동향\n\n∙", "∙") + HEADING)
    assert (content.sections[0].key, content.items[0].section) == ("unnamed", "unnamed")
    assert "unknown-section" in codes(content)


def test_a_title_broken_over_lines_is_found() -> None:
    broken = HEADING.replace("등대 점검 제도", "등대 점검 \n\n제도")
    assert len(parse(SUMMARY + broken).item("policy-1").body) == 1


def test_a_paragraph_that_names_a_title_is_no_heading() -> None:
    content = policy("등대 점검 제도 개편은 내년부터 시행\n")
    assert len(content.items) == 2
    assert codes(content) == []
