"""Two whole mails in numbers: one of picks, one of everything, of a real issue or of our own sample.

The numbers of the real issue are the ones the rules were made with; its words are not ours to repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.issues.content import Content, Placement
from newsletter.rendering.excerpt import damaged_texts, excerpt, has_figure
from newsletter.rendering.look import Look
from newsletter.rendering.renderer import Renderer

Numbers = tuple[int, tuple[int, ...], tuple[int, ...]]
"""Letters of the summary, of each point, and rows of each table."""


@dataclass(frozen=True)
class Expected:
    """What is known of an issue: positions count from 0."""

    full: tuple[int, ...]
    lines: tuple[int, ...]
    articles: tuple[Numbers, ...]
    cards: tuple[int, ...]
    """Lead and point together."""
    figures: int
    minutes: tuple[int, int]


REAL = Expected(
    full=(5, 11, 16),
    lines=(6, 7, 8),
    articles=(
        (98, (128,), (6, 3)),
        (73, (88, 75), (7,)),
        (116, (60, 45), (2,)),
        (90, (72, 92), ()),
        (69, (65, 107), ()),
        (71, (88, 73), ()),
        (93, (108, 79), (4,)),
        (107, (62,), (3,)),
        (80, (62,), (5,)),
    ),
    cards=(128, 77, 105, 82, 117, 134, 133, 91),
    figures=5,
    minutes=(1, 4),
)
SAMPLE = Expected(
    full=(7, 11, 14),
    lines=(5, 6, 8),
    articles=(
        (49, (58, 58), (4, 3)),
        (72, (46, 46), (2,)),
        (32, (41, 24), (4,)),
        (40, (51, 40), ()),
        (39, (47,), ()),
        (49, (52, 47), ()),
        (36, (44,), (3,)),
        (50, (9, 38), (3,)),
        (34, (38,), ()),
    ),
    cards=(71, 50, 56, 53, 47, 56, 55, 49),
    figures=5,
    minutes=(1, 3),
)


@pytest.fixture
def expected(real_issue: Path | None) -> Expected:
    return SAMPLE if real_issue is None else REAL


def test_the_excerpts_have_their_numbers(issue: Content, expected: Expected) -> None:
    found = [(item, excerpt(item, damaged_texts(issue, item.id))) for item in issue.items]
    articles = tuple(
        (len(x.summary), tuple(len(point.text) for point in x.points), tuple(line.row_count for line in x.tables))
        for item, x in found
        if item.kind == "article"
    )
    cards = [x for item, x in found if item.kind == "clipping"]
    assert articles == expected.articles
    assert tuple(len(x.summary) + sum(len(point.text) for point in x.points) for x in cards) == expected.cards
    assert sum(has_figure(point.text) for x in cards for point in x.points) == expected.figures


def test_a_mail_of_picks(issue: Content, make_look: Callable[..., Look], expected: Expected) -> None:
    items = issue.items
    placements = [
        *(Placement(items[n].id, "full") for n in expected.full),
        *(Placement(items[n].id, "line") for n in expected.lines),
    ]
    rendered = Renderer(issue, make_look()).variant(placements)
    first, *others = (items[n].title for n in expected.full)
    assert rendered.subject == f"{first} 외 5건"
    assert rendered.preheader == " · ".join(others)
    assert f": 17건 중 6건, 약 {expected.minutes[0]}분" in rendered.text
    assert "고르지 않은 소식 11건 보기" in rendered.text
    assert len(rendered.html.encode()) < 25_000


def test_a_mail_of_everything(
    issue: Content,
    make_look: Callable[..., Look],
    everything: Callable[[Content], list[Placement]],
    expected: Expected,
) -> None:
    rendered = Renderer(issue, make_look()).variant(everything(issue))
    titles = [item.title for item in issue.items]
    assert rendered.subject == f"{titles[0]} 외 16건"
    assert rendered.preheader == f"{titles[1]} · {titles[2]}"
    assert f": 17건, 약 {expected.minutes[1]}분" in rendered.text
    assert "고르지 않은 소식" not in rendered.text
    assert len(rendered.html.encode()) < 52_000
