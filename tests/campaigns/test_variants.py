"""The rule who gets which item, as properties that hold for every issue and every selection."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.campaigns import variants
from newsletter.campaigns.variants import MAX_ARTICLES, MAX_CLIPPINGS, Naming, choose, variant_key
from newsletter.issues.content import Content, Item, Placement, Section
from subscribers.selections import WhenEmpty, Wishes

SECTIONS = ("focus", "industry", "policy", "clipping")
CATEGORIES = ("AI", "배터리", "로봇", "양자", "에너지", "에너지·탄소중립")
NAMING = Naming(categories={"에너지": "에너지·탄소중립"}, sections={"tech": "industry"})


def article(name: str, section: str, *categories: str) -> Item:
    return Item(id=name, kind="article", section=section, title=name, categories=categories)


def clipping(name: str, *categories: str) -> Item:
    return Item(id=name, kind="clipping", section="clipping", title=name, categories=categories)


def issue(*items: Item) -> Content:
    return Content("A digest", 2026, 18, sections=tuple(Section(key, key) for key in SECTIONS), items=items)


def full(*names: str) -> tuple[Placement, ...]:
    return tuple(Placement(name, "full") for name in names)


def line(*names: str) -> tuple[Placement, ...]:
    return tuple(Placement(name, "line") for name in names)


EVERYTHING = Wishes(all_sections=True, all_categories=True)
SMALL = issue(
    article("focus", "focus", "AI"),
    article("plain", "policy"),
    article("robots", "policy", "로봇"),
    clipping("cell", "배터리"),
    clipping("both", "AI", "배터리"),
)

names = st.lists(st.sampled_from(CATEGORIES), unique=True, max_size=3).map(tuple)
items = st.lists(st.tuples(st.sampled_from(SECTIONS), names).map(lambda pair: pair), min_size=0, max_size=40).map(
    lambda pairs: tuple(
        Item(
            id=f"i{n}",
            kind="clipping" if section == "clipping" else "article",
            section=section,
            title=f"i{n}",
            categories=categories,
        )
        for n, (section, categories) in enumerate(pairs)
    )
)
issues = items.map(lambda found: issue(*found))
wishes = st.builds(
    Wishes,
    sections=st.lists(st.sampled_from((*SECTIONS, "tech")), unique=True).map(tuple),
    categories=names,
    all_sections=st.booleans(),
    all_categories=st.booleans(),
    when_empty=st.sampled_from(WhenEmpty),
)


def test_a_reader_of_everything_gets_everything_in_full() -> None:
    assert choose(SMALL, EVERYTHING, NAMING) == full("focus", "plain", "robots", "cell", "both")


def test_section_decides_presence_and_category_decides_size() -> None:
    picked = Wishes(sections=("policy", "clipping"), categories=("배터리",))
    assert choose(SMALL, picked, NAMING) == full("plain", "cell", "both") + line("robots")


def test_no_section_picked_means_nothing() -> None:
    assert choose(SMALL, Wishes(all_categories=True), NAMING) == ()


def test_sections_without_categories_mean_uncategorised_items_in_full_and_the_rest_as_lines() -> None:
    assert choose(SMALL, Wishes(all_sections=True), NAMING) == full("plain") + line("focus", "robots")


def test_whoever_wants_the_focus_rather_than_nothing_gets_it_in_full() -> None:
    assert choose(SMALL, Wishes(when_empty=WhenEmpty.FOCUS), NAMING) == full("focus")


def test_the_focus_is_the_first_article_wherever_it_stands() -> None:
    content = issue(clipping("cell", "배터리"), article("focus", "focus", "AI"), article("other", "policy"))
    assert choose(content, Wishes(when_empty=WhenEmpty.FOCUS), NAMING) == full("focus")
    assert choose(issue(clipping("cell")), Wishes(when_empty=WhenEmpty.FOCUS), NAMING) == full("cell")


def test_a_renamed_section_means_its_new_key_in_the_issue_and_in_the_selection() -> None:
    for section in ("tech", "industry"):
        for wanted in ("tech", "industry"):
            picked = Wishes(sections=(wanted,), all_categories=True)
            assert choose(issue(article("a", section)), picked, NAMING) == full("a")


def test_an_alias_in_the_issue_or_in_the_selection_means_its_category() -> None:
    content = issue(clipping("grid", "에너지"), clipping("solar", "에너지·탄소중립"))
    for name in ("에너지", "에너지·탄소중립"):
        assert choose(content, Wishes(all_sections=True, categories=(name,)), NAMING) == full("grid", "solar")


def test_full_items_past_the_limits_become_lines_from_the_last_up() -> None:
    content = issue(*(article(f"a{n}", "policy") for n in range(12)), *(clipping(f"c{n}") for n in range(14)))
    chosen = choose(content, EVERYTHING, NAMING)
    assert chosen[:10] == full(*(f"a{n}" for n in range(10)))
    assert chosen[10:22] == full(*(f"c{n}" for n in range(12)))
    assert chosen[22:] == line("a10", "a11", "c12", "c13")


@given(issues, wishes)
def test_nobody_gets_an_item_twice_or_one_of_a_section_not_picked(content: Content, picked: Wishes) -> None:
    chosen = choose(content, picked, NAMING)
    ids = [placement.item for placement in chosen]
    assert len(ids) == len(set(ids))
    if picked.when_empty is WhenEmpty.NOTHING and not picked.all_sections:
        wanted = {NAMING.section(key) for key in picked.sections}
        assert all(content.item(name).section in wanted for name in ids)


@given(issues, wishes)
def test_no_article_of_a_picked_section_is_lost(content: Content, picked: Wishes) -> None:
    there = {placement.item for placement in choose(content, picked, NAMING)}
    wanted = {NAMING.section(key) for key in picked.sections}
    for item in content.items:
        if item.kind == "article" and (picked.all_sections or item.section in wanted):
            assert item.id in there


@given(issues, wishes)
def test_an_item_is_full_exactly_when_it_is_matched_and_there_is_room(content: Content, picked: Wishes) -> None:
    forms = {placement.item: placement.form for placement in choose(content, picked, NAMING)}
    wanted = {NAMING.category(name) for name in picked.categories}
    fulls = [content.item(name) for name, form in forms.items() if form == "full"]
    assert sum(item.kind == "article" for item in fulls) <= MAX_ARTICLES
    assert sum(item.kind == "clipping" for item in fulls) <= MAX_CLIPPINGS
    if picked.when_empty is WhenEmpty.NOTHING:
        for item in fulls:
            shared = wanted & {NAMING.category(name) for name in item.categories}
            assert shared or not item.categories or picked.all_categories


@given(issues, wishes)
def test_the_order_is_the_issues_within_articles_clippings_and_lines(content: Content, picked: Wishes) -> None:
    place = {item.id: n for n, item in enumerate(content.items)}
    chosen = choose(content, picked, NAMING)

    def group(placement: Placement) -> int:
        return 2 if placement.form == "line" else int(content.item(placement.item).kind == "clipping")

    assert list(chosen) == sorted(chosen, key=lambda one: (group(one), place[one.item]))


@given(issues, wishes)
def test_nobody_is_sent_an_empty_email_who_asked_for_the_focus_instead(content: Content, picked: Wishes) -> None:
    chosen = choose(content, replace(picked, when_empty=WhenEmpty.FOCUS), NAMING)
    assert bool(chosen) == bool(content.items)


@given(issues, wishes, st.randoms())
def test_the_order_of_picks_makes_no_difference(content: Content, picked: Wishes, random: Random) -> None:
    shuffled = list(picked.categories)
    random.shuffle(shuffled)
    again = replace(picked, categories=tuple(shuffled))
    assert choose(content, picked, NAMING) == choose(content, again, NAMING)


def key(items: list[tuple[str, str]] | None = None, **other: object) -> str:
    facts: dict[str, object] = {
        "language": "ko",
        "tracking": "aggregate",
        "is_advertising": False,
        "template_hash": "t",
        "subject": "s",
    }
    return variant_key(items or [("d1", "full"), ("d2", "line")], **(facts | other))  # type: ignore[arg-type]


def test_equal_content_has_one_key() -> None:
    assert key() == key()


@pytest.mark.parametrize(
    "other",
    [
        {"items": [("d2", "line"), ("d1", "full")]},
        {"items": [("d1", "line"), ("d2", "line")]},
        {"language": "en"},
        {"tracking": "none"},
        {"is_advertising": True},
        {"template_hash": "u"},
        {"subject": "other"},
    ],
)
def test_whatever_changes_the_bytes_changes_the_key(other: dict[str, object]) -> None:
    assert key(**other) != key()  # type: ignore[arg-type]


def test_the_properties_would_notice_a_rule_that_forgets_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with aliases ignored, the alias test must fail."""
    monkeypatch.setattr(Naming, "category", lambda _self, name: name)
    with pytest.raises(AssertionError):
        test_an_alias_in_the_issue_or_in_the_selection_means_its_category()


def test_the_properties_would_notice_a_rule_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with the limits lifted, the limit test must fail."""
    monkeypatch.setattr(variants, "MAX_ARTICLES", 100)
    with pytest.raises(AssertionError):
        test_full_items_past_the_limits_become_lines_from_the_last_up()
