"""What of an item stands in the mail: whole sentences, chosen by rule."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.issues.content import Block, BlockKind, Content, Item, Row, Table
from newsletter.rendering.excerpt import (
    CARD_LIMIT,
    POINTS_LIMIT,
    Point,
    damaged_texts,
    excerpt,
    has_figure,
    letters,
    share,
)

KINDS: tuple[BlockKind, ...] = ("paragraph", "bullet", "note", "footnote")
FIRST = "연구소가 새 관측망 계획을 내놓음"


def article(*body: Block | Table, summary: str = "요약 한 줄") -> Item:
    return Item(id="a", kind="article", section="s", title="제목", summary=summary, body=body)


def clipping(*texts: str) -> Item:
    return Item(id="c", kind="clipping", section="s", title="이름", body=tuple(Block("bullet", 0, t) for t in texts))


def table(*rows: tuple[str, str]) -> Table:
    made = tuple(Row((label,), ((Block("bullet", 0, text),),)) for label, text in rows)
    return Table("표 제목", ("구분", "내용"), made)


def bullets(*texts: str) -> tuple[Block, ...]:
    return tuple(Block("bullet", 0, text) for text in texts)


def texts(points: Sequence[Point]) -> list[str]:
    return [point.text for point in points]


def sentence(seed: str, length: int) -> str:
    """A text of that length that repeats no pair of letters of another seed."""
    start = ord(seed)
    return "".join(chr(start + n) for n in range(length))


def test_the_first_paragraph_is_the_summary_where_it_holds_the_summary() -> None:
    found = excerpt(article(Block("paragraph", 0, "예시원이 " + FIRST), summary=FIRST))
    assert found.summary == "예시원이 " + FIRST
    assert found.points == ()


def test_the_summary_stays_where_the_first_paragraph_says_something_else() -> None:
    found = excerpt(article(Block("paragraph", 0, FIRST), *bullets("다음 점"), summary="전혀 다른 요약"))
    assert found.summary == "전혀 다른 요약"
    assert texts(found.points) == ["다음 점"]


def test_two_points_at_most_and_the_first_that_would_pass_the_limit_ends_them() -> None:
    long, short = sentence("가", 200), sentence("나", 30)
    assert texts(excerpt(article(*bullets(short, "둘째 점", "셋째 점"))).points) == [short, "둘째 점"]
    assert texts(excerpt(article(*bullets(short, long + "넘침" * 8, "셋째"))).points) == [short]
    assert texts(excerpt(article(*bullets(sentence("바", 210), short))).points) == [sentence("바", 210), short]


def test_notes_and_footnotes_stay_on_the_web_and_their_marks_go() -> None:
    found = excerpt(article(Block("note", 0, "붙임"), *bullets("예산*을 두 배로**"), Block("footnote", 0, "* 설명")))
    assert texts(found.points) == ["예산을 두 배로"]


@pytest.mark.parametrize("text", ["3*4", "a ** b", "2**10"])
def test_an_asterisk_that_is_no_footnote_mark_stays(text: str) -> None:
    assert texts(excerpt(article(*bullets(text), Block("footnote", 0, "* 설명"))).points) == [text]


def test_an_item_without_footnotes_has_no_footnote_marks() -> None:
    assert texts(excerpt(article(*bullets("예산*을 두 배로"))).points) == ["예산*을 두 배로"]


def test_a_point_that_repeats_the_summary_is_dropped() -> None:
    said = "낡은 배를 무인 부이로 바꾸는 십 년 계획"
    assert texts(excerpt(article(*bullets(f"{said}을 공개", "새로운 이야기"), summary=f"{said}을 공개함")).points) == [
        "새로운 이야기"
    ]


def test_without_points_the_first_rows_of_the_first_table_stand_in() -> None:
    found = excerpt(article(table(("가", "첫 줄"), ("나", "둘째 줄"), ("다", "셋째 줄")), table(("라", "다른 표"))))
    assert found.points == (Point("첫 줄", "가"), Point("둘째 줄", "나"))
    assert [(line.caption, line.labels, line.row_count) for line in found.tables] == [
        ("표 제목", ("가", "나"), 3),
        ("표 제목", ("라",), 1),
    ]


def test_damaged_text_stays_out() -> None:
    damaged = "앞이 없는 문장)이 남았다"
    item = article(*bullets(damaged, "온전한 점"), table(("라벨", damaged)), summary="요약")
    assert texts(excerpt(item, [damaged]).points) == ["온전한 점"]
    assert texts(excerpt(item).points) == [damaged, "온전한 점"]  # the control: nobody said it was damaged


def test_the_sample_keeps_its_damaged_text_out_of_every_excerpt(issue: Content) -> None:
    damaged = [text for item in issue.items for text in damaged_texts(issue, item.id)]
    assert damaged
    shown = [
        text
        for item in issue.items
        for found in [excerpt(item, damaged_texts(issue, item.id))]
        for text in (found.summary, *texts(found.points))
    ]
    assert not set(damaged) & set(shown)


def test_a_clipping_shows_its_lead_and_the_first_point_with_a_figure() -> None:
    found = excerpt(clipping("빠르게 굳는 벽돌", "가마가 필요 없다", "강도가 40% 높다"))
    assert (found.summary, texts(found.points)) == ("빠르게 굳는 벽돌", ["강도가 40% 높다"])


def test_a_clipping_without_a_figure_shows_its_first_point() -> None:
    assert texts(excerpt(clipping("빠르게 굳는 벽돌", "가마가 필요 없다", "값이 싸다")).points) == ["가마가 필요 없다"]


def test_a_card_keeps_its_limit() -> None:
    lead = sentence("가", 100)
    assert texts(excerpt(clipping(lead, sentence("나", 70), "값이 싸다")).points) == ["값이 싸다"]
    assert texts(excerpt(clipping(lead, sentence("나", 70))).points) == []


@pytest.mark.parametrize(
    "text",
    ["최대 5g의 소금", "시멘트의 30%", "750°C에서", "(38-39.5wt%)", "4초가", "1,200명이", "10~12시간", "300억 원"],
)
def test_a_number_with_a_unit_is_a_figure(text: str) -> None:
    assert has_figure(text)


@pytest.mark.parametrize("text", ["K-9을 달구어", "H2의", "’23년", "수 시간", "제3의 길", "2026년", "6을"])
def test_a_number_without_a_unit_is_none(text: str) -> None:
    assert not has_figure(text)


def test_the_limits_are_those_that_the_documentation_states() -> None:
    assert (POINTS_LIMIT, CARD_LIMIT) == (240, 160)


def test_letters_count_syllables_and_latin_words() -> None:
    assert letters("AI 기반 챗봇 2.0, 上海") == 1 + 4 + 2


@given(st.text(alphabet="가나다라마 ab1", max_size=40), st.text(alphabet="가나다라마 ab1", max_size=40))
def test_a_share_is_between_nothing_and_all(one: str, other: str) -> None:
    assert 0.0 <= share(one, other) <= 1.0
    assert share(one, one + other) in {0.0, 1.0}


body = st.lists(
    st.builds(Block, st.sampled_from(KINDS), st.just(0), st.text(alphabet="가나다라마바사 .12%", max_size=150)),
    max_size=8,
)


@settings(max_examples=60)
@given(body, st.sampled_from(["article", "clipping"]), st.text(alphabet="가나다라 ", max_size=120))
def test_points_are_whole_in_order_and_within_limits(blocks: list[Block], kind: str, summary: str) -> None:
    item = Item("i", "clipping" if kind == "clipping" else "article", "s", "제목", summary, body=tuple(blocks))
    found = excerpt(item)
    sizes = [len(text) for text in texts(found.points)]
    if kind == "article":
        assert len(sizes) <= 2
        assert sum(sizes) <= POINTS_LIMIT
    else:
        assert len(sizes) <= 1
        assert not sizes or len(found.summary) + sum(sizes) <= CARD_LIMIT
    shown = [excerpt(article(*bullets(b.text), summary="")).points for b in blocks if b.kind in {"paragraph", "bullet"}]
    whole = [point.text for points in shown for point in points]
    position = -1
    for text in texts(found.points):
        assert text in whole[position + 1 :]
        position = whole.index(text, position + 1)
