"""Filters: what goes through them can't break out of where it stands."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from newsletter.rendering.escaping import attr, clean, one_line, visible
from newsletter.rendering.mjml import compile_mjml

any_text = st.text(st.characters(codec=None), max_size=60)


@given(any_text)
def test_an_attribute_comes_through_the_compiler_unchanged(value: str) -> None:
    mjml = f'<mjml><mj-body><mj-raw><a title="{attr(value)}">x</a></mj-raw></mj-body></mjml>'
    compiled = compile_mjml(mjml)
    shown = compiled.partition('<a title="')[2].partition('">x</a>')[0]
    assert html.unescape(shown) == clean(value)
    assert not set(shown) & set("\"'<>\\\n")


def test_attr_refuses_what_is_escaped_already() -> None:
    with pytest.raises(TypeError):
        attr(Markup("&amp;"))


@given(any_text)
def test_cleaned_text_is_utf8_without_controls(value: str) -> None:
    text = str(clean(value))
    text.encode()
    assert not any(ord(letter) < 32 and letter not in "\t\n" for letter in text)
    assert clean(text) == text


@given(any_text)
def test_one_line_is_one_line(value: str) -> None:
    line = one_line(value)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()


def test_markup_stays_markup_and_other_values_pass() -> None:
    assert isinstance(clean(Markup("<b>\x00</b>")), Markup)
    assert clean(7) == 7


def test_zero_width_characters_leave_plain_text() -> None:
    assert visible("a\u200b\u200d\ufeff\u00adb") == "ab"
