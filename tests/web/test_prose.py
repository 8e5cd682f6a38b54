from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.issues.content import Block, Row, Table
from newsletter.web.prose import Aside, Grid, Label, Point, Points, grid, prose


def a_bullet(text: str, level: int = 0) -> Block:
    return Block("bullet", level, text)


def test_deeper_points_hang_under_the_one_before() -> None:
    (found,) = prose([a_bullet("a"), a_bullet("b", 1), a_bullet("c", 2), a_bullet("d", 1), a_bullet("e")])
    assert found == Points((Point("a", [Point("b", [Point("c")]), Point("d")]), Point("e")))


def test_what_stands_between_points_parts_the_lists() -> None:
    parts = prose([a_bullet("a"), Block("note", 0, "n"), a_bullet("b"), Block("paragraph", 0, "p")])
    assert parts == [Points((Point("a"),)), Aside("※", "n"), Points((Point("b"),)), Block("paragraph", 0, "p")]


def test_footnotes_in_a_row_have_one_star_more_each() -> None:
    parts = prose([Block("footnote", 0, "x"), Block("footnote", 0, "** y"), a_bullet("b"), Block("footnote", 0, "z")])
    assert [part for part in parts if isinstance(part, Aside)] == [Aside("*", "x"), Aside("**", "y"), Aside("*", "z")]


def test_a_table_with_two_levels_of_labels_spans_them() -> None:
    cell = ((a_bullet("x"),),)
    table = Table(
        "c",
        ("label", "text"),
        (Row(("A", "one"), cell), Row(("A", "two"), cell), Row(("B",), cell), Row(("A", "o"), cell)),
    )
    found = grid(table)
    assert found.head == (Label("label", columns=2), Label("text"))
    assert [line.labels for line in found.lines] == [
        (Label("A", rows=2), Label("one")),
        (Label("two"),),
        (Label("B", columns=2),),
        (Label("A"), Label("o")),
    ]


def width(found: Grid) -> int:
    return sum(label.columns for label in found.head)


tables = st.integers(1, 3).flatmap(
    lambda cells: st.builds(
        Table,
        caption=st.text(max_size=5),
        columns=st.lists(st.text(max_size=5), max_size=5).map(tuple),
        rows=st.lists(
            st.builds(
                Row,
                labels=st.lists(st.sampled_from("AB"), max_size=3).map(tuple),
                cells=st.lists(st.just((Block("paragraph", 0, "x"),)), max_size=cells).map(tuple),
            ),
            max_size=6,
        ).map(tuple),
    )
)


@given(tables)
def test_every_line_of_any_table_is_as_wide_as_its_head(table: Table) -> None:
    """As a browser lays it out: a span of an earlier line takes its column in the lines below."""
    found = grid(table)
    assert len(found.lines) == len(table.rows)
    covered: list[int] = []
    for line in found.lines:
        taken = sum(1 for left in covered if left > 0)
        own = sum(label.columns for label in line.labels)
        assert taken + own + len(line.cells) == width(found)
        covered = [left - 1 for left in covered if left > 1] + [
            label.rows - 1 for label in line.labels if label.rows > 1
        ]


@given(st.lists(st.integers(0, 5), max_size=20))
def test_no_point_is_lost_in_nesting(levels: list[int]) -> None:
    blocks = [a_bullet(str(number), level) for number, level in enumerate(levels)]
    texts: list[str] = []

    def walk(points: list[Point]) -> None:
        for point in points:
            texts.append(point.text)
            walk(point.children)

    for part in prose(blocks):
        assert isinstance(part, Points)
        walk(list(part.points))
    assert texts == [block.text for block in blocks]
