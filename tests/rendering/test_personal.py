"""The personal values of a reader: escaped once per context, filled once, and never mixed up."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import RenderError
from newsletter.rendering.look import Tracking
from newsletter.rendering.personal import Personal, fill, open_tag, picks, substitutions, tags

NONCE = "0123456789abcdef"
ALICE = Personal("고르신 <AI>", "pref", "out", "copy", "click")


def test_each_context_has_its_own_value() -> None:
    values = substitutions(NONCE, ALICE, "aggregate")
    assert values[f"-nl{NONCE}_picks_h-"] == "고르신 &lt;AI&gt;"
    assert values[f"-nl{NONCE}_picks_t-"] == "고르신 <AI>"
    assert values[f"-nl{NONCE}_unsubscribe_u-"] == "out"


@pytest.mark.parametrize(("tracking", "count"), [("aggregate", 5), ("none", 5), ("individual", 6)])
def test_only_individual_tracking_has_a_click_token(tracking: Tracking, count: int) -> None:
    values = substitutions(NONCE, ALICE, tracking)
    assert len(values) == count
    assert (tags(NONCE).click in values) == (tracking == "individual")


def test_the_values_of_the_longest_reader_fit_the_provider() -> None:
    token = "t" * 512
    values = substitutions(NONCE, Personal("&" * 600, token, token, token, token), "individual")
    assert len(orjson.dumps(values)) <= 10_000
    assert all(values.values())


@pytest.mark.parametrize(
    "bad",
    [
        {"picks": "이름" * 5_000},
        {"picks": ""},
        {"picks": "\x00\r\n"},
        {"picks": f"-nl{NONCE}_picks_h-"},
        {"unsubscribe": ""},
        {"unsubscribe": "a/b"},
        {"preferences": "x\ud83d"},
        {"web_copy": "t" * 513},
        {"click": '"><script>'},
    ],
    ids=str,
)
def test_a_value_that_can_not_be_printed_excludes_its_reader_alone(bad: dict[str, str]) -> None:
    with pytest.raises(RenderError):
        substitutions(NONCE, replace(ALICE, **bad), "individual")
    assert substitutions(NONCE, ALICE, "individual")


@pytest.mark.parametrize("name", ["줄\r\n바꿈", "\u202eRTL", "\ud83d서러게이트", "{{ 7 * 7 }}", "{% raw %}", "\t탭"])
def test_odd_names_are_printed_as_one_harmless_line(name: str) -> None:
    values = substitutions(NONCE, replace(ALICE, picks=f"고르신 {name}"), "none")
    text = values[tags(NONCE).picks_text]
    assert text.isprintable()
    assert "\u202e" not in text
    text.encode()


def test_fill_replaces_all_tags_in_one_pass() -> None:
    tag = tags(NONCE)
    text = f"{tag.picks_html} {tag.unsubscribe} {tag.unsubscribe} {open_tag(NONCE)}."
    assert fill(text, substitutions(NONCE, ALICE, "none")) == "고르신 &lt;AI&gt; out out ."


def test_a_value_is_never_looked_into_again() -> None:
    assert fill("a -nl00000000_x_h- b", {"-nl00000000_x_h-": "-nl00000000_x_h-"}) == "a -nl00000000_x_h- b"


def test_a_tag_without_a_value_is_refused() -> None:
    with pytest.raises(RenderError, match="click"):
        fill(f"https://news.example.org/c/{tags(NONCE).click}/1", substitutions(NONCE, ALICE, "none"))
    with pytest.raises(RenderError, match="picks"):
        fill(tags(NONCE).picks_text, {})


def test_the_look_alike_of_another_campaign_is_text() -> None:
    text = "-nlffffffff_picks_h-"
    assert fill(text, substitutions(NONCE, ALICE, "none")) == text


def test_picks_name_three_and_count_the_rest() -> None:
    assert picks(["정책"], ["배터리", "AI"], everything=False, language="ko") == "고르신 정책 · 배터리 · AI"
    assert picks(["가", "나"], ["다", "라", "마"], everything=False, language="ko") == "고르신 가 · 나 · 다 외 2"
    assert picks(["Policy"], ["AI"], everything=False, language="en") == "You picked Policy · AI"
    assert picks(["a", "b"], ["c", "d"], everything=False, language="en") == "You picked a · b · c and 1 more"


def test_who_takes_all_is_told_so() -> None:
    assert picks([], [], everything=True, language="ko") == "모두 고르셨습니다"
    assert picks(["정책"], [], everything=True, language="en") == "You picked everything"


@given(st.lists(st.text(max_size=30), max_size=6), st.lists(st.text(max_size=30), max_size=6), st.booleans())
def test_picks_are_never_empty_and_always_one_line(
    sections: list[str], categories: list[str], everything: bool
) -> None:
    for said in (picks(sections, categories, everything, "ko"), picks(sections, categories, everything, "en")):
        assert said.strip()
        assert said.splitlines() == [said]
