"""Subject and preheader of one variant: the first titles a reader will meet. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from email.header import Header

from newsletter.rendering.escaping import one_line
from newsletter.rendering.look import ADVERTISING_LABEL, Look
from newsletter.rendering.phrases import more_in_subject

SUBJECT_LIMIT = 998
"""Octets of the encoded subject, RFC 5322 section 2.1.1 taken for the whole field."""
_LABEL = re.compile(r"^\(광고\)\s*")


def subject(look: Look, titles: Sequence[str]) -> str:
    """`{first title} 외 N건` or the editor's own, behind the label where it is advertising; fits `SUBJECT_LIMIT`.

    Only a title that is too long is cut, with an ellipsis: what follows it, and the label, always stand.
    """
    own = one_line(look.subject or "")
    words = own or one_line(titles[0])
    end = "" if own else more_in_subject(look.language, len(titles) - 1)
    label = ""
    if look.advertising:
        label, words = f"{ADVERTISING_LABEL} ", _LABEL.sub("", words)
    return label + _fitting(words, label, end) + end


def preheader(titles: Sequence[str], instead: str) -> str:
    """The next two titles, or `instead` where the mail has one item. Never empty, always one line."""
    return " · ".join(titles[1:3]) or one_line(instead)


def encoded(text: str) -> str:
    """A subject as it travels: encoded words (RFC 2047) in folded lines of at most 78 octets, without the field's name.

    Not through `EmailMessage`, whose folding of Python 3.11 loses spaces between encoded words.
    """
    charset = "utf-8" if not text.isascii() else "us-ascii"
    return Header(text, charset, maxlinelen=76, header_name="Subject").encode()


def encoded_length(text: str) -> int:
    """Octets of a subject as it travels, folding included."""
    return len(encoded(text))


def _fitting(words: str, label: str, end: str) -> str:
    if len(words) <= 100 or encoded_length(label + words + end) <= SUBJECT_LIMIT:
        return words
    low, high = 0, min(len(words), SUBJECT_LIMIT)
    while low < high:
        middle = (low + high + 1) // 2
        fits = encoded_length(f"{label}{_cut(words, middle)}…{end}") <= SUBJECT_LIMIT
        low, high = (middle, high) if fits else (low, middle - 1)
    return f"{_cut(words, low)}…"


def _cut(words: str, length: int) -> str:
    """The first characters, not parting a character from its marks, joiners and variation selectors."""
    while 0 < length < len(words) and (
        unicodedata.category(words[length]) in {"Mn", "Me", "Mc", "Cf", "Sk"} or words[length - 1] == "\u200d"
    ):
        length -= 1
    return words[:length].rstrip()
