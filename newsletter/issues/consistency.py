"""What an issue written by hand must keep to beyond its form: names that addresses hold, real dates, web links. Pure.

Text in the published layout keeps to all of it by the way it is read; JSON and Markdown may say anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date

from newsletter.errors import NotAnIssue
from newsletter.issues.content import Content, Item

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_NAME_IS = "letters, digits, - and _, at most 40"
_DAY = re.compile(r"\d{4}-\d\d(?:-\d\d)?", re.ASCII)
_LINK = re.compile(r"https?://[^\s\"<>\\]+", re.IGNORECASE)
_MOST_ITEMS = 500
_LONGEST_CATEGORY = 64
_MOST_PAGES = 99_999
_MOST_LINES = 10_000_000
_DEEPEST = 99

Fault = tuple[str, str]
"""Where, and what is wrong there."""


def require_consistent(content: Content) -> None:
    """Raise `NotAnIssue` naming the place of the first fault."""
    for place, what in _faults(content):
        raise NotAnIssue(f"This issue can't be used: {place}: {what}. docs/formats.md shows the form.")


def _faults(content: Content) -> Iterator[Fault]:
    if any("\0" in text for text in _texts(content)):
        yield "the document", "a text holds the character U+0000; take it out"
    if not content.publication.strip():
        yield "publication", "it is empty"
    if not 1900 <= content.year <= 2100:
        yield "year", f"{content.year} is not between 1900 and 2100"
    if not 1 <= content.number <= 9999:
        yield "number", f"{content.number} is not between 1 and 9999"
    if content.published_on is not None and not _is_day(content.published_on):
        yield "published_on", f"{content.published_on!r} is no date, 2026-09-14 or 2026-09"
    if len(content.items) > _MOST_ITEMS:
        yield "items", f"an issue has at most {_MOST_ITEMS}"
    yield from _section_faults(content)
    for item in content.items:
        yield from ((f"item {item.id!r}: {place}", what) for place, what in _item_faults(item))
    for warning in content.warnings:
        if warning.line is not None and not 0 <= warning.line <= _MOST_LINES:
            yield "warnings", f"{warning.line} is no line"


def _section_faults(content: Content) -> Iterator[Fault]:
    seen: set[str] = set()
    for section in content.sections:
        if not _NAME.fullmatch(section.key):
            yield "sections", f"{section.key!r} can't be a key: {_NAME_IS}"
        if section.key in seen:
            yield "sections", f"{section.key!r} stands twice"
        seen.add(section.key)


def _item_faults(item: Item) -> Iterator[Fault]:
    if not _NAME.fullmatch(item.id):
        yield "id", f"it has {_NAME_IS}, since it stands in web addresses"
    if item.page is not None and not 0 <= item.page <= _MOST_PAGES:
        yield "page", f"{item.page} is no page"
    for name in (*item.categories, *item.suggested_categories):
        if not _is_category(name):
            yield (
                "categories",
                f"{name!r} is no name: 1 to {_LONGEST_CATEGORY} printable characters, no | and no lone *",
            )
    day, url = item.source.date, item.source.url
    if day is not None and not _is_day(day):
        yield "source.date", f"{day!r} is no date, 2026-09-14 or 2026-09"
    if url is not None and not _LINK.fullmatch(url):
        yield "source.url", f"{url!r} is no address that begins with https:// or http://; without one write null"
    if any(not 0 <= block.level <= _DEEPEST for block in item.blocks()):
        yield "body", f"a level is not between 0 and {_DEEPEST}"


def _is_category(name: str) -> bool:
    """What a list could keep as a key of its own; white space at the ends or doubled goes away on the way in."""
    words = " ".join(name.split())
    return 0 < len(words) <= _LONGEST_CATEGORY and words != "*" and "|" not in words and words.isprintable()


def _is_day(text: str) -> bool:
    """`2026-09-14`, or `2026-09` where only the month is known."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text if len(text) > len("2026-09") else f"{text}-01")
    except ValueError:
        return False
    return True


def _texts(part: object) -> Iterator[str]:
    """Every text in a value and all its parts."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _texts(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from _texts(getattr(part, one.name))
