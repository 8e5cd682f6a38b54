"""A joined variant is byte for byte the whole compile of its items. The whole compile is the oracle."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from jinja2 import BaseLoader, ChoiceLoader, DictLoader, FileSystemLoader

from newsletter.errors import SpliceError
from newsletter.issues.content import Content, Placement
from newsletter.rendering.environment import template_root
from newsletter.rendering.look import Language, Look, Tracking
from newsletter.rendering.personal import Personal, fill, substitutions
from newsletter.rendering.renderer import Renderer

Choose = Callable[[Content, random.Random], list[Placement]]


def changed(name: str, old: str, new: str) -> BaseLoader:
    """The templates with one thing changed in one of them."""
    source = (template_root() / name).read_text()
    assert old in source
    return ChoiceLoader([DictLoader({name: source.replace(old, new)}), FileSystemLoader(template_root())])


def differences(renderer: Renderer, placements: list[Placement], personal: Personal) -> list[str]:
    """Which parts of a joined mail differ from the whole compile."""
    look = renderer.look
    values = substitutions(look.nonce, personal, look.tracking)
    joined, whole = renderer.variant(placements), renderer.whole(placements, personal)
    pairs = {
        "html": (fill(joined.html, values), whole.html),
        "text": (fill(joined.text, values), whole.text),
        "subject": (joined.subject, whole.subject),
        "preheader": (joined.preheader, whole.preheader),
    }
    return [name for name, (one, other) in pairs.items() if one != other]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("tracking", ["aggregate", "individual", "none"])
def test_a_joined_variant_equals_the_whole_compile(
    issue: Content,
    make_look: Callable[..., Look],
    personal: Personal,
    choose: Choose,
    language: Language,
    tracking: Tracking,
) -> None:
    """Six looks, a hundred random variants each."""
    renderer = Renderer(issue, make_look(language, tracking, note="첫 문단\n\n둘째 <문단>"))
    dice = random.Random(f"{language}{tracking}")  # noqa: S311 -- test data, repeatable
    for _ in range(100):
        placements = choose(issue, dice)
        assert differences(renderer, placements, personal) == [], placements


def test_hostile_text_changes_nothing_about_that(
    hostile: Callable[[int], Content], make_look: Callable[..., Look], personal: Personal, choose: Choose
) -> None:
    for seed in range(60):
        content = hostile(seed)
        tracking: Tracking = "individual" if seed % 2 else "aggregate"
        renderer = Renderer(content, make_look("en" if seed % 3 else "ko", tracking))
        dice = random.Random(seed)  # noqa: S311 -- test data, repeatable
        every = [Placement(item.id, "full") for item in content.items]
        for placements in (every, *(choose(content, dice) for _ in range(6))):
            assert differences(renderer, placements, personal) == [], (seed, placements)


def test_a_break_in_another_place_is_noticed(
    sample: Content, make_look: Callable[..., Look], personal: Personal
) -> None:
    """Negative control: the oracle breaks every second item, the join every third."""
    loader = changed("digest/body.mjml", "divisibleby 3", "divisibleby 2")
    renderer = Renderer(sample, make_look(), loader)
    pieces = [Placement(f"c{n}", "full") for n in range(1, 9)]
    assert differences(renderer, pieces, personal) == ["html"]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (
            "digest/_items.mjml",
            "{% macro clipping(it) %}",
            '{% macro clipping(it) %}<mj-image alt="" src="x" />',
            "head",
        ),
        ("digest/body.mjml", "{{ counts }}", "{{ counts|upper }}", "slot"),
        ("digest/body.mjml", "{{ counts }}", "", "slot"),
        ("digest/body.mjml", "{{ at('e' ~ group.n) }}", "{{ at('i1') }}", "marker"),
        ("digest/body.mjml", "{{ at('z') }}", '<mj-section css-class="{{ inline("z") }}" />', "marker"),
        ("digest/body.mjml", "{{ at('b' ~ group.n) }}", "", "b1, b2"),
        ("digest/_items.mjml", 'href="{{ it.url|attr }}"', 'href="{{ it.url }}　"', "debug escape"),
        ("digest/body.txt", "{{ counts }}", "{{ counts|upper }}", "slot"),
    ],
)
def test_what_would_make_a_join_differ_is_refused(
    sample: Content, make_look: Callable[..., Look], name: str, old: str, new: str, says: str
) -> None:
    with pytest.raises(SpliceError, match=says):
        Renderer(sample, make_look(), changed(name, old, new))
