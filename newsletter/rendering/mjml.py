"""The only place that knows the MJML library (mjml-python 1.4.2, which holds MRML 6.0.1)."""

from __future__ import annotations

from xml.parsers import expat

from mjml import mjml2html

from newsletter.errors import RenderError

DEPTH_LIMIT = 100
"""Nesting the compiler is given: no template of ours needs 30, and at 20,000 it ends the process."""


def compile_mjml(source: str) -> str:
    """MJML → HTML. Raises `RenderError` with line and column.

    `fonts={}`: without it the compiler links web fonts, which costs bytes and tells a third party who reads.
    """
    _check(source)
    try:
        html: str = mjml2html(source, fonts={})
    except (ValueError, UnicodeError) as error:
        raise RenderError(
            f"The email could not be compiled: {error}. Correct the template in templates/email."
        ) from error
    return html


def _check(source: str) -> None:
    """Well-formed and not too deep, before the compiler, whose errors know no line, sees it."""
    depth = 0

    def enter(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_LIMIT:
            raise RenderError(f"The email nests deeper than {DEPTH_LIMIT} tags in line {parser.CurrentLineNumber}.")

    def leave(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_parts: object) -> None:
        raise RenderError("The email template holds a DOCTYPE, which the compiler does not know. Remove it.")

    parser = expat.ParserCreate()
    parser.StartElementHandler = enter
    parser.EndElementHandler = leave
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(source.encode(), True)  # noqa: FBT003 -- positional in the standard library
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset + 1}"
        raise RenderError(f"The email is not well-formed at {place}: {expat.ErrorString(error.code)}.") from error
