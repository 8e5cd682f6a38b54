"""`Title (美 AMRI, 9.08)`: the source that stands behind a title."""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.ingest.trendwatch.dates import read_day

_LONGEST = 160
_COUNTRY = re.compile(r"([一-鿿](?:·[一-鿿]){0,3})(?:\s+|(?=[A-Za-z]))(?=\S)")


@dataclass(frozen=True, slots=True)
class Tail:
    """What the brackets behind a title hold."""

    country: str | None
    organisation: str
    date_text: str
    printed: str
    """With its brackets, to the letter."""


def split_tail(text: str) -> tuple[str, Tail | None]:
    """The title, and its source where the brackets at the end hold one; brackets of the title's own stay with it."""
    start = _opening_of_last(text)
    if start < 0:
        return text, None
    tail = read_tail(text[start:])
    return (text[:start].rstrip(), tail) if tail else (text, None)


def read_tail(printed: str) -> Tail | None:
    """The source in `(美 AMRI, 9.08)` or `(9.08)`; `None` unless it ends in a date."""
    head, _, date_text = printed[1:-1].rpartition(",")
    if read_day(date_text.strip()) is None:
        return None
    country, organisation = split_country(head.strip())
    return Tail(country, organisation, date_text.strip(), printed)


def split_country(text: str) -> tuple[str | None, str]:
    """The mark such as 美, and the organisation. A name that is Chinese itself keeps all its characters."""
    found = _COUNTRY.match(text)
    return (found[1], text[found.end() :]) if found else (None, text)


def _opening_of_last(text: str) -> int:
    """Where the brackets open that close at the end of `text`; -1 if they don't."""
    depth = 0
    if not text.endswith((")", "）")):
        return -1
    for place in range(len(text) - 1, max(len(text) - _LONGEST, 0) - 1, -1):
        depth += (text[place] in ")）") - (text[place] in "(（")
        if depth == 0:
            return place
    return -1
