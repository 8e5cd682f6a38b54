"""What may be printed where.

`clean` goes over every output of a template, `attr` into every double-quoted attribute of MJML (MRML 6.0.1 prints
attribute values with a debug formatter, so all it was not seen to pass unchanged becomes a numeric reference), and
`one_line` over every value that is one line by nature: titles, names, subjects.
"""

from __future__ import annotations

import re

from markupsafe import Markup

# C0 except tab and newline, DEL, C1, surrogates, noncharacters, and the controls that turn the direction of text
# round for everything after them (U+202A-202E, U+2066-2069): no title may do that to its neighbours.
_DROP = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# All but Hangul syllables, Han, and printable ASCII without & < > " ' \
_REFER = re.compile(r"[^ !#$%(-;=?-\[\]-~가-힣一-鿿]")
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")


def clean(value: object) -> object:
    """The value without what no mail may hold; markup stays markup, other types pass."""
    if not isinstance(value, str):
        return value
    text = _DROP.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n"))
    # Cleaning takes characters away only, so markup that was safe stays safe.
    return Markup(text) if isinstance(value, Markup) else text  # noqa: S704


def attr(value: object) -> Markup:
    """Raw text as the value of a double-quoted attribute. Raises `TypeError` for markup: it is escaped already."""
    if isinstance(value, Markup):
        raise TypeError("attr takes raw text, not markup")
    # Every character that could end the value or be rewritten is a numeric reference by now.
    return Markup(_REFER.sub(_reference, str(clean(str(value)))))  # noqa: S704


def one_line(value: str) -> str:
    """The value with all white space, line breaks too, as single spaces."""
    return " ".join(str(clean(value)).split())


def visible(value: str) -> str:
    """The value without zero-width characters, for plain text: editors and terminals show them as boxes."""
    return _ZERO_WIDTH.sub("", str(clean(value)))


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
