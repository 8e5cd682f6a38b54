"""Sizes: the budget turns items into lines, and nothing above the hard limit is sent."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from newsletter.errors import RenderError
from newsletter.issues.content import Content, Placement
from newsletter.rendering.look import Look
from newsletter.rendering.personal import Personal, fill, substitutions, tags
from newsletter.rendering.renderer import BUDGET, HARD_LIMIT, Renderer

MakeLook = Callable[..., Look]
Everything = Callable[[Content], list[Placement]]
Choose = Callable[[Content, random.Random], list[Placement]]


def placed(ids: Iterable[str], form: str = "full") -> list[Placement]:
    return [Placement(item, "line" if form == "line" else "full") for item in ids]


def with_item(content: Content, **changes: object) -> Content:
    """The issue with its first item changed."""
    first, *rest = content.items
    return replace(content, items=(replace(first, **changes), *rest))  # type: ignore[arg-type]  # any field of Item


def test_a_variant_keeps_the_budget(issue: Content, make_look: MakeLook, everything: Everything) -> None:
    renderer = Renderer(issue, make_look("ko", "individual"))
    fitting, turned = renderer.fit(everything(issue))
    assert (list(fitting), turned) == (everything(issue), ())
    assert len(renderer.variant(fitting).html.encode()) <= 60_000


def heavy(sample: Content, letters: int) -> Content:
    items = tuple(replace(item, summary=f"{'가' * letters} {item.id}", body=()) for item in sample.items)
    return replace(sample, items=items)


def test_over_budget_items_become_lines_from_the_last_up(
    sample: Content, make_look: MakeLook, everything: Everything
) -> None:
    content = heavy(sample, 1_500)
    renderer = Renderer(content, make_look())
    fitting, turned = renderer.fit(everything(content))
    assert list(turned) == [item.id for item in reversed(content.items)][: len(turned)]
    assert 0 < len(turned) < 17
    lines = [p.item for p in fitting if p.form == "line"]
    assert lines == [item.id for item in content.items if item.id in turned]
    assert sorted(p.item for p in fitting) == sorted(item.id for item in content.items)
    assert len(renderer.variant(fitting).html.encode()) <= BUDGET
    one_more = [p for p in fitting if p.item != turned[-1]]
    back = [
        *(p for p in one_more if p.form == "full"),
        Placement(turned[-1], "full"),
        *(p for p in one_more if p.form == "line"),
    ]
    assert renderer._weight_of(back) > BUDGET


def test_the_weight_of_a_variant_is_the_sum_of_its_pieces(
    issue: Content, make_look: MakeLook, choose: Choose, personal: Personal
) -> None:
    renderer = Renderer(issue, make_look("ko", "individual"))
    dice = random.Random(7)  # noqa: S311 -- test data, repeatable
    for _ in range(50):
        placements = choose(issue, dice)
        html = renderer.variant(placements).html
        allowance = html.count(tags(renderer.look.nonce).prefix) * 64
        assert 0 <= renderer._weight_of(placements) - len(html.encode()) - allowance <= 8  # slots of pieces left out
        filled = fill(html, substitutions(renderer.look.nonce, personal, "individual"))
        assert len(filled.encode()) <= renderer._weight_of(placements)


def test_budget_and_limit_are_those_that_the_documentation_states() -> None:
    """Below what Gmail is said to clip at, 102 KB, with room for what a provider adds."""
    assert (BUDGET, HARD_LIMIT) == (75_000, 95_000)


def test_above_the_hard_limit_a_mail_is_refused_and_its_heaviest_item_named(
    sample: Content, make_look: MakeLook
) -> None:
    renderer = Renderer(with_item(sample, title="가" * 1_700_000), make_look())
    for form in ("full", "line"):
        with pytest.raises(RenderError, match="'f1'"):
            renderer.variant([*placed(["f1"], form), *placed(["c1"], "line")])
        with pytest.raises(RenderError, match="'f1'"):
            renderer.fit(placed(["f1"], form))
    assert len(renderer.variant(placed(["t1", "c1"])).html.encode()) < HARD_LIMIT
    assert renderer.weights()["f1"] > 5_000_000
