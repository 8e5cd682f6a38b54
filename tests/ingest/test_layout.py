"""The traps of the layout, each where our own samples set it."""

from __future__ import annotations

from newsletter.issues.content import Block, Content, Table


def table(content: Content, item_id: str, place: int = 0) -> Table:
    return [block for block in content.item(item_id).body if isinstance(block, Table)][place]


def labels(content: Content, item_id: str, place: int = 0) -> list[tuple[str, ...]]:
    return [row.labels for row in table(content, item_id, place).rows]


def texts(content: Content, item_id: str, kind: str) -> list[tuple[int, str]]:
    body = content.item(item_id).body
    return [(block.level, block.text) for block in body if isinstance(block, Block) and block.kind == kind]


def warned(content: Content, code: str) -> list[tuple[int | None, str | None]]:
    return [(warning.line, warning.item) for warning in content.warnings if warning.code == code]


def test_the_masthead_names_any_publication(sample: Content, january: Content, partial: Content) -> None:
    assert (sample.publication, sample.key) == ("기술 동향 브리핑", "2026-18")
    assert (january.key, partial.key) == ("2025-01", "2024-07")


def test_a_summary_broken_inside_a_word_is_joined(sample: Content) -> None:
    assert sample.item("industry-tech-1").summary.endswith("현장의 과제를 분석")


def test_pages_come_from_the_summary_with_and_without_a_blank_line(sample: Content) -> None:
    assert [item.page for item in sample.items if item.kind == "article"] == [1, 3, 5, 6, 7, 9, 10, 11, 13]


def test_country_marks_are_told_from_names(sample: Content) -> None:
    sources = [item.source for item in sample.items if item.kind == "article"]
    assert [source.country for source in sources] == ["美", None, "獨", "英", "日", None, "英", "日", "中"]
    assert sources[-1].organisation == "东湖市科技局"


def test_row_labels_stand_before_on_or_over_lines(sample: Content) -> None:
    assert labels(sample, "issue-focus-1") == [
        ("접합·배선",), ("열 관리",), ("전원 공급·잡음 관리",), ("광 연결·신호 품질",), ("신뢰성 평가",)
    ]  # fmt: skip
    assert labels(sample, "industry-tech-1") == [
        ("안전 기준",), ("작업 재설계",), ("설비 연동",), ("비용 모델",), ("인력 전환",), ("성과 측정 및 공개",)
    ]  # fmt: skip
    assert labels(sample, "policy-3")[1] == ("지방자치단체의 노선 관리와 주민 소통",)


def test_a_counted_group_gives_two_levels(sample: Content) -> None:
    assert labels(sample, "policy-4") == [
        ("3대 개방 목표",),
        ("4대 실행 과제", "자료 거래 체계"),
        ("4대 실행 과제", "활용 기술 개발"),
        ("4대 실행 과제", "시범 및 확산 사업"),
        ("4대 실행 과제", "인재 양성"),
    ]


def test_levels_that_cannot_be_told_apart_stay_one_label_with_a_warning(partial: Content) -> None:
    assert labels(partial, "industry-tech-1") == [("3대 강 상류 구간",), ("하류 구간",)]
    assert warned(partial, "labels-unclear") == [(84, "industry-tech-1")]


def test_captions_and_heads_of_tables(sample: Content, partial: Content) -> None:
    assert table(sample, "issue-focus-1").caption == "공동 시험 시설의 중점 시험 분야"
    assert table(sample, "issue-focus-1").columns == ("시험 분야", "주요 내용")
    assert table(partial, "industry-tech-1").columns == ("구분", "기간과 결과")
    assert warned(partial, "columns-guessed") == [(82, "industry-tech-1")]
    assert warned(partial, "caption-open") == [(119, "industry-tech-2")]


def test_points_in_a_cell_have_two_levels(sample: Content) -> None:
    cell = table(sample, "issue-focus-1").rows[1].cells[0]
    assert [(block.kind, block.level) for block in cell] == [("bullet", 0), ("bullet", 1)]


def test_a_table_ends_where_the_body_goes_on(sample: Content) -> None:
    kinds = [type(block).__name__ for block in sample.item("issue-focus-1").body]
    assert kinds[-3:] == ["Table", "Block", "Table"]


def test_footnotes_on_one_line_are_told_apart_by_their_stars(sample: Content) -> None:
    cell = table(sample, "policy-3").rows[1].cells[0]
    assert [(block.level, block.text) for block in cell if block.kind == "footnote"] == [
        (0, "지방자치단체가 직접 진행"),
        (1, "사업자와 함께 진행"),
        (2, "중앙 정부가 비용을 지원"),
    ]


def test_a_footnote_of_two_stars_may_stand_alone(partial: Content) -> None:
    assert [level for level, _ in texts(partial, "industry-tech-1", "footnote")] == [1]


def test_enumerations_stay_in_their_line(sample: Content) -> None:
    assert any(text.startswith("▲지하 탐사 ▲의료 영상") for _, text in texts(sample, "industry-tech-3", "bullet"))


def test_notes_go_on_without_a_blank_line_and_end_at_one(sample: Content) -> None:
    notes = [text for _, text in texts(sample, "industry-tech-4", "note")]
    assert len(notes) == 1
    assert notes[0].endswith("우수 단지에 관리비를 지원(’26.4)")


def test_a_paragraph_after_a_point_is_a_paragraph_again(sample: Content) -> None:
    starts = [text[:4] for _, text in texts(sample, "policy-1", "paragraph")]
    assert starts == ["비영리 ", "(공통 ", "(차이점"]


def test_one_leading_space_is_no_level(sample: Content) -> None:
    assert [level for level, _ in texts(sample, "policy-4", "bullet")] == [0]


def test_a_note_without_its_sign_is_kept_as_a_note_and_marked(sample: Content) -> None:
    damaged = [warning for warning in sample.warnings if warning.code == "damaged-text"]
    assert damaged[0].text in {text for _, text in texts(sample, "policy-2", "note")}


def test_references_go_over_two_lines(sample: Content) -> None:
    assert sample.item("industry-tech-2").reference.endswith("the Role of Shared Training Facilities, 2026.9.10.")
    assert sample.item("policy-4").reference.endswith("（2026—2027年）2026.9.7.")


def test_a_second_reference_is_kept_as_a_note(partial: Content) -> None:
    assert warned(partial, "second-reference") == [(110, "industry-tech-1")]
    assert texts(partial, "industry-tech-1", "note")[-1][1].endswith("2024.2.")


def test_a_category_cell_may_span_rows(sample: Content) -> None:
    assert [item.categories for item in sample.in_section("clipping")][:2] == [("신소재",), ("신소재",)]


def test_category_and_name_may_share_a_line(sample: Content) -> None:
    last = list(sample.in_section("clipping"))[-1]
    assert (last.title, last.categories) == ("AI 도면 검토 도우미", ("AI",))


def test_the_summarys_name_wins_and_the_table_s_is_told(sample: Content) -> None:
    assert sample.item("clipping-7").title == "과일을 따는 부드러운 손"
    assert warned(sample, "name-mismatch") == [(852, "clipping-7")]


def test_an_item_goes_on_behind_its_own_source_after_a_page_break(sample: Content) -> None:
    item = sample.item("clipping-3")
    assert item.source.organisation == "Voltline"
    assert [text[:8] for _, text in texts(sample, "clipping-3", "bullet")][-2:] == ["극지 관측 장비", "용매를 기존 공"]
    assert texts(sample, "clipping-3", "bullet")[-2][1].endswith("현장 시험을 진행할 예정")


def test_a_name_repeated_after_a_page_break_is_furniture(partial: Content) -> None:
    assert len(texts(partial, "clipping-1", "bullet")) == 3
    assert len(list(partial.in_section("clipping"))) == 4


def test_sources_are_broken_over_lines(sample: Content) -> None:
    names = {item.source.organisation for item in sample.in_section("clipping")}
    assert {"Daily Materials", "Lab Journal Today", "Buildwire"} <= names


def test_an_unknown_section_gets_a_key_of_its_own_and_a_warning(partial: Content) -> None:
    assert [section.key for section in partial.sections] == ["industry-tech", "section-7ff0a7ec", "clipping"]
    assert warned(partial, "unknown-section") == [(28, None)]


def test_what_the_summary_lacks_is_added_last_in_its_section(partial: Content) -> None:
    assert warned(partial, "not-in-summary") == [(144, "section-7ff0a7ec-x1"), (194, "clipping-x1")]
    assert partial.item("clipping-x1").categories == ("우주항공",)


def test_what_the_body_lacks_is_kept_with_a_warning(partial: Content) -> None:
    assert warned(partial, "body-missing") == [(38, "section-7ff0a7ec-2"), (64, "clipping-3")]


def test_a_title_that_differs_still_finds_its_article(partial: Content) -> None:
    assert partial.item("industry-tech-2").title == "스마트 온실의 발광 필름 적용 결과"
    assert warned(partial, "title-mismatch") == [(111, "industry-tech-2")]


def test_dates_take_their_year_from_the_reference_or_roll_over(january: Content) -> None:
    assert {item.source.date_text: item.source.date for item in january.items} == {
        "12.28": "2024-12-28",  # no reference: a January issue looks back
        "11月": "2024-11",
        "1.4": "2025-01-04",
        "12.15": "2024-12-15",
        "12.30": "2024-12-30",
        "1.03": "2025-01-03",
    }


def test_dates_that_differ_are_told(sample: Content, january: Content, partial: Content) -> None:
    assert warned(sample, "date-form") == [(341, "industry-tech-2")]
    assert warned(january, "date-form") == [(69, "issue-focus-1")]
    assert warned(partial, "date-mismatch") == [(134, "section-7ff0a7ec-1")]
    assert warned(partial, "date-unreadable") == [(192, "clipping-2")]


def test_enumerators_are_no_damage(partial: Content) -> None:
    assert any("2) 병충해" in text for _, text in texts(partial, "industry-tech-2", "bullet"))
    assert warned(partial, "damaged-text") == []
