from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.errors import InvalidWish
from subscribers.selections import EVERYTHING, WhenEmpty, Wishes, clean_key

keys = st.lists(st.sampled_from(["AI", "로봇", "배터리", "에너지·탄소중립", "policy", "issue-focus"]), max_size=8)
wishes = st.builds(
    Wishes,
    keys.map(tuple),
    keys.map(tuple),
    st.booleans(),
    st.booleans(),
    st.sampled_from(WhenEmpty),
)


@given(keys, keys, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_equal_picks_are_one_value_with_one_digest(sections: list[str], categories: list[str], random: object) -> None:
    once = Wishes(tuple(sections), tuple(categories))
    doubled = [f"  {key} " for key in sections + sections]
    random.shuffle(doubled)  # type: ignore[attr-defined]  # hypothesis types its random as object
    again = Wishes(tuple(doubled), tuple(reversed(categories)))
    assert again == once
    assert again.digest() == once.digest()


@given(wishes, wishes)
@settings(max_examples=300)
def test_different_picks_have_different_digests(one: Wishes, other: Wishes) -> None:
    assert (one == other) == (one.digest() == other.digest())


@given(wishes)
@settings(max_examples=200)
def test_the_fields_of_a_file_carry_every_pick(picked: Wishes) -> None:
    assert Wishes.from_fields(*picked.to_fields(), picked.when_empty) == picked


def test_the_digest_is_the_same_in_every_release() -> None:
    """It stands in databases: a changed digest would part equal picks into two rows."""
    assert EVERYTHING.digest() == "403ca21c4beff991cec35d8fe9d8db815bbf3ff803f4e1d9c2bd4999f348d30e"
    assert Wishes(("policy",), ("AI",)).digest() == "2e5c23f56e09048b23c17d1ae979a1fe04e99492d96d6c34c2efbfe3787f0c9e"


def test_all_beside_names_means_all() -> None:
    assert Wishes.from_fields("policy|*", "AI") == Wishes(("policy",), ("AI",), all_sections=True)
    assert Wishes(("policy",), (), all_sections=True).sections == ()


def test_an_empty_field_picks_nothing() -> None:
    assert Wishes.from_fields(" ", "||") == Wishes()


def test_hangul_composed_and_decomposed_is_one_key() -> None:
    assert Wishes(categories=("\u1105\u1169\u1107\u1169\u11ba",)) == Wishes(categories=("로봇",))


@pytest.mark.parametrize("key", ["", "   ", "*", "a|b", "a\u200bb", "a\0b", "x" * 65])
def test_a_key_that_a_file_could_not_carry_is_refused(key: str) -> None:
    with pytest.raises(InvalidWish):
        clean_key(key)


def test_a_merged_category_is_picked_under_its_new_key() -> None:
    before = Wishes(("policy",), ("에너지", "에너지·탄소중립"))
    assert before.renamed({}, {"에너지": "에너지·탄소중립"}) == Wishes(("policy",), ("에너지·탄소중립",))
