"""The call of the compiler: faults have a line, and nothing reaches it that would end the process."""

from __future__ import annotations

import pytest

from newsletter.errors import RenderError
from newsletter.rendering.mjml import compile_mjml


def body(inside: str) -> str:
    text = f"<mj-section><mj-column><mj-text>{inside}</mj-text></mj-column></mj-section>"
    return f"<mjml>\n<mj-body>\n{text}\n</mj-body>\n</mjml>"


def test_a_fault_is_named_with_its_line_and_column() -> None:
    with pytest.raises(RenderError, match="line 3, column"):
        compile_mjml(body("<p>not closed"))


def test_deep_nesting_is_refused_before_it_ends_the_process() -> None:
    with pytest.raises(RenderError, match="deeper than 100 tags in line 3"):
        compile_mjml(body("<b>" * 20_000 + "</b>" * 20_000))


def test_nesting_within_the_limit_compiles() -> None:
    assert "<b>x</b>" in compile_mjml(body("<b>" * 50 + "x" + "</b>" * 50))


def test_a_doctype_is_refused() -> None:
    with pytest.raises(RenderError, match="DOCTYPE"):
        compile_mjml("<!DOCTYPE mjml>" + body("x"))


def test_what_only_the_compiler_refuses_is_an_error_of_ours() -> None:
    with pytest.raises(RenderError, match="could not be compiled"):
        compile_mjml("<mjml><mj-body><![CDATA[x]]></mj-body></mjml>")
