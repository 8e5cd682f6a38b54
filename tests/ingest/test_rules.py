"""The small pure rules of the layout: dates, sources, levels, brackets, seams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.damage import label_runs, unopened
from newsletter.ingest.trendwatch.dates import Day, last_day, read_day, year_of
from newsletter.ingest.trendwatch.joins import Columns, Evidence, Joiner
from newsletter.ingest.trendwatch.labels import Label, tell_levels
from newsletter.ingest.trendwatch.lines import Line, head_of, scan, squash, width
from newsletter.ingest.trendwatch.runs import Run, join_label, split_footnotes
from newsletter.ingest.trendwatch.sections import derive, find_known
from newsletter.ingest.trendwatch.sources import split_country, split_tail
from newsletter.issues.content import Block, Row, Table


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("9.08", Day(9, 8)), ("11/10", Day(11, 10)), ("11月", Day(11)), ("3월", Day(3)), ("1.4", Day(1, 4)),
        ("2024.3.11", Day(3, 11, 2024)), ("2023.11.", Day(11, None, 2023)), ("’24.12.5", Day(12, 5, 2024)),
        ("9월 8일", Day(9, 8)), ("13.45", Day(13, 45)),
        ("9", None), ("", None), ("가.나", None), ("1.2.3.4", None), ("2024", None), ("٣.٤", None), ("1" * 40, None),
    ],
)  # fmt: skip
def test_dates_are_read_in_all_printed_forms(printed: str, day: Day | None) -> None:
    assert read_day(printed) == day


@given(st.text(max_size=30))
def test_reading_a_day_never_fails(text: str) -> None:
    day = read_day(text)
    assert day is None or day.iso(2024) is None or len(str(day.iso(2024))) in {7, 10}


@pytest.mark.parametrize(
    ("day", "reference", "issue", "year"),
    [
        (Day(11, 10), Day(11, 10, 2023), (2024, 1), 2023),  # the reference says it
        (Day(12, 28), None, (2025, 1), 2024),  # a January issue looks back
        (Day(12, 28), None, (2025, 24), 2025),
        (Day(1, 4), None, (2025, 1), 2025),
        (Day(12, 28), Day(1, 3, 2025), (2025, 2), 2024),  # the paper is of the next year
        (Day(1, 3), Day(12, 28, 2024), (2025, 1), 2025),
        (Day(9, 8, 2021), Day(9, 8, 2026), (2026, 18), 2021),  # printed
    ],
)
def test_years_come_from_the_reference_else_from_the_issue(
    day: Day, reference: Day | None, issue: tuple[int, int], year: int
) -> None:
    assert year_of(day, reference, *issue) == year


def test_the_last_date_of_a_reference_counts() -> None:
    assert last_day("东湖市, 计划（2026—2027年）2026.9.7.") == Day(9, 7, 2026)
    assert last_day("Lab, Report 2020.1.1 revisited, 2024.11.") == Day(11, None, 2024)
    assert last_day("Lab, 1234.56.78") is None


def test_a_day_the_calendar_lacks_has_no_date() -> None:
    assert Day(2, 30).iso(2024) is None
    assert Day(13).iso(2024) is None
    assert Day(2).iso(2024) == "2024-02"


@pytest.mark.parametrize(
    ("printed", "title", "source"),
    [
        ("제목 (美 AMRI, 9.08)", "제목", ("美", "AMRI", "9.08")),
        ("제목(가칭) (日 과학청(STA), 1.4)", "제목(가칭)", ("日", "과학청(STA)", "1.4")),
        ("제목 (Lab, Inc., 9.08)", "제목", (None, "Lab, Inc.", "9.08")),
        ("제목 (9.08)", "제목", (None, "", "9.08")),
        ("제목 (美·日 공동위, 9.08)", "제목", ("美·日", "공동위", "9.08")),
        ("제목 (가칭)", "제목 (가칭)", None),
        ("제목 9.08)", "제목 9.08)", None),
    ],
)
def test_the_source_is_told_from_the_title(printed: str, title: str, source: tuple[str, ...] | None) -> None:
    found, tail = split_tail(printed)
    assert found == title
    assert (tail and (tail.country, tail.organisation, tail.date_text)) == source


def test_a_chinese_name_keeps_its_first_character() -> None:
    assert split_country("东湖市科技局") == (None, "东湖市科技局")
    assert split_country("中 东湖市科技局") == ("中", "东湖市科技局")
    assert split_country("美AMRI") == ("美", "AMRI")


def test_labels_get_one_space_at_a_break_and_none_after_a_dot() -> None:
    assert join_label(["전원 공급·", "잡음", "관리"]) == "전원 공급·잡음 관리"


def label(*parts: str) -> Label:
    return Label(tuple((part, Line(1, part, 0, trailing=False, gap=True, fresh=False)) for part in parts))


def test_levels_are_told_only_where_the_count_agrees() -> None:
    account = Account()
    group = [label("2대", "과제", "첫째", "역할"), label("둘째", "역할")]
    assert tell_levels(group, account, "x") == [("2대 과제", "첫째 역할"), ("2대 과제", "둘째 역할")]
    assert account.warnings == []
    assert tell_levels([*group, label("셋째")], account, "x")[0] == ("2대 과제 첫째 역할",)
    assert [warning.code for warning in account.warnings] == ["labels-unclear"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("접속계획」의 목표", 4), ("가(나)다", None), ("1) 하나 2) 둘 가) 셋", None), ("끝(2026)년)", 8),
        ("（가)", None), ("가) 나)", None), ("「가", None), ("문장 끝)", 4),
    ],
)  # fmt: skip
def test_a_bracket_that_closes_unopened_is_damage(text: str, place: int | None) -> None:
    assert unopened(text) == place


def test_labels_run_together_only_from_three_words_on() -> None:
    rows = tuple(Row((name,), ((Block("bullet", 0, "가"),),)) for name in ("미국", "영국", "설비 관리", "인력 양성"))
    assert list(label_runs(Table("", (), rows))) == ["영국 설비 관리", "설비 관리 인력 양성"]


def joiner(source: str = "", *, cell: bool = False) -> Joiner:
    return Joiner(Columns(body=40, note=40), Evidence(source), cell=cell)


def run(text: str, *, trailing: bool = False, kind: str = "bullet") -> Run:
    made = Run("note" if kind == "note" else "paragraph" if kind == "paragraph" else "bullet", 0)
    made.add(text, Line(1, text, 0, trailing=trailing, gap=True, fresh=False))
    return made


def line(text: str, *, gap: bool = True, indent: int = 0) -> Line:
    return Line(2, text, indent, trailing=False, gap=gap, fresh=False)


FULL = "가" * 20


def test_a_trailing_space_joins_with_a_space() -> None:
    seam = joiner().seam(run(FULL, trailing=True), line("다음 말"))
    assert (seam.verdict, seam.between, seam.is_guess) == ("on", " ", False)


def test_a_short_line_has_ended() -> None:
    assert joiner().seam(run("짧은 줄"), line("는 다음 말")).verdict == "ends"


@pytest.mark.parametrize("following", ["하고 있음", "는 것으로", "을 위해", "되고 있음"])
def test_a_particle_shows_a_word_that_was_broken(following: str) -> None:
    seam = joiner().seam(run(FULL), line(following))
    assert (seam.verdict, seam.between, seam.is_guess) == ("on", "", False)


def test_a_word_known_from_elsewhere_is_joined_for_certain() -> None:
    tail = "가" * 15 + " 국가첨단"
    assert joiner("국가첨단계획을 발표").seam(run(tail, kind="paragraph"), line("계획을 발표")).is_guess is False
    assert joiner("다른 글").seam(run(tail, kind="paragraph"), line("계획을 발표")).is_guess is True


def test_two_words_known_from_elsewhere_get_their_space() -> None:
    seam = joiner("약 억 달러 규모 사업").seam(run("가" * 17 + " 달러", kind="note"), line("규모 사업", gap=False))
    assert (seam.between, seam.is_guess) == (" ", True)


def test_a_bracket_that_is_open_goes_on() -> None:
    assert joiner().seam(run("가" * 14 + "(나다라마"), line("바사) 아")).verdict == "on"


def test_notes_end_at_a_blank_line_only() -> None:
    assert joiner().seam(run("짧은 줄", kind="note"), line("다음 말", gap=False)).verdict == "on"
    assert joiner().seam(run(FULL, kind="note"), line("다음 말")).verdict == "ends"


def test_text_set_in_by_two_spaces_never_goes_on_with_the_body() -> None:
    assert joiner().seam(run(FULL, trailing=True), line("다음 말", indent=2)).verdict == "ends"


def test_stars_open_footnotes_only_in_their_order() -> None:
    parts = run("하나  ** 둘 *** 셋")
    parts.kind = "footnote"
    assert [(block.level, block.text) for block, _ in split_footnotes(parts)] == [(0, "하나"), (1, "둘"), (2, "셋")]
    product = run("3 *** 4")
    product.kind = "footnote"
    assert [block.text for block, _ in split_footnotes(product)] == ["3 *** 4"]


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5))
def test_a_joined_text_knows_the_line_of_each_letter(pieces: list[str]) -> None:
    made = Run("paragraph", 0)
    for number, piece in enumerate(pieces, start=1):
        made.add(piece, Line(number, piece, 0, trailing=False, gap=True, fresh=False), " ")
    text = made.text()
    place = 0
    for number, piece in enumerate(pieces, start=1):
        assert text.line_at(place) == number
        place += len(piece) + 1


def test_an_odd_number_of_leading_spaces_is_the_page_break_s() -> None:
    lines = list(scan(" 첫 줄\n\n  - 둘째 \n   - 셋째"))
    assert [(found.indent, found.fresh, found.trailing, found.gap) for found in lines] == [
        (0, True, False, False),
        (2, False, True, True),
        (2, True, False, False),
    ]


@given(st.text(max_size=40), st.integers(0, 40))
def test_the_head_of_a_text_holds_the_letters_asked_for(text: str, letters: int) -> None:
    head = head_of(text, letters)
    assert text.startswith(head)
    assert len(squash(head)) == min(max(letters, 0), len(squash(text)))


def test_hangul_stands_twice_as_wide_as_latin() -> None:
    assert width("가나") > width("ab") * 1.5


def test_a_known_section_is_found_however_it_is_broken() -> None:
    found = find_known("산업· 기술동향")
    assert found is not None
    assert found.key == "industry-tech"


def test_the_key_of_a_new_section_depends_on_its_letters_only() -> None:
    assert derive("국제 협력").key == derive("국제협력").key != derive("국제 표준").key
    assert derive("World News").key == "world-news"
