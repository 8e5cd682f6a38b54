"""Lines of plain text, measured in columns of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.plaintext import COLUMNS, heading, width, wrap

words = st.lists(st.text(alphabet="가나다漢abc—é\u0301", min_size=1, max_size=60), max_size=30).map(" ".join)


def test_hangul_and_han_are_two_columns_and_marks_none() -> None:
    assert width("가a漢") == 5
    assert width("e\u0301") == 1


@given(words)
def test_no_line_is_wider_than_the_page_and_no_letter_is_lost(text: str) -> None:
    wrapped = wrap(text, "- ")
    assert all(width(line) <= COLUMNS for line in wrapped.splitlines())
    assert "".join(wrapped.removeprefix("-").split()) == "".join(text.split())


def test_a_bullet_continues_under_its_text() -> None:
    first, *rest = wrap("가나다라 " * 20, "- ").splitlines()
    assert first.startswith("- 가")
    assert rest
    assert all(line.startswith("  가") for line in rest)


def test_a_heading_is_ruled_as_wide_as_it_is() -> None:
    assert heading("정책 AI") == "정책 AI\n======="
