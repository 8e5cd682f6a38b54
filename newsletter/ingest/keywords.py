"""Suggested categories for articles, from a table of keywords. Pure; `keyword_file.py` reads the table.

A category is suggested where one of its keywords stands in the title, or in at least three points (paragraphs and
bullets). Tables and notes do not count: they name many things that the article is not about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.issues.content import Block, Content, Item

ENOUGH_POINTS = 3


@dataclass(frozen=True, slots=True)
class KeywordCategory:
    """One category: its Korean and English names, its other names, and the words that suggest it."""

    ko: str
    en: str
    aliases: tuple[str, ...]
    keywords: tuple[str, ...]

    def pattern(self) -> re.Pattern[str]:
        """Finds any of its keywords. Without keywords it finds nothing."""
        return re.compile("|".join(map(_keyword_pattern, self.keywords)) or r"(?!)")

    def names(self) -> frozenset[str]:
        """All names that an item may already carry for it."""
        return frozenset((self.ko, self.en, *self.aliases))


def suggest(content: Content, table: Sequence[KeywordCategory]) -> Content:
    """The content with `suggested_categories` for its articles, in the table's order. Clippings name their own."""
    patterns = [(category, category.pattern()) for category in table]
    return replace(content, items=tuple(_suggest_for(item, patterns) for item in content.items))


def _suggest_for(item: Item, patterns: Sequence[tuple[KeywordCategory, re.Pattern[str]]]) -> Item:
    if item.kind != "article":
        return item
    fitting = (category for category, pattern in patterns if _is_about(item, pattern))
    new = tuple(category.ko for category in fitting if not category.names() & set(item.categories))
    return replace(item, suggested_categories=new)


def _is_about(item: Item, pattern: re.Pattern[str]) -> bool:
    if pattern.search(item.title):
        return True
    return sum(pattern.search(point) is not None for point in _points(item)) >= ENOUGH_POINTS


def _points(item: Item) -> Iterator[str]:
    for block in item.body:
        if isinstance(block, Block) and block.kind in {"paragraph", "bullet"}:
            yield block.text


def _keyword_pattern(keyword: str) -> str:
    """A space is optional; Latin letters stand alone, so that AI is not found in KAIST."""
    words = r"\s?".join(re.escape(word) for word in keyword.split())
    return rf"(?<![A-Za-z0-9]){words}(?![A-Za-z0-9])" if keyword.isascii() else words
