"""What a reader picked, as a value. Pure: equal picks are equal values with one digest, whatever order they came in.

A selection says *what*; how often, when, in which language and under which name belongs to the subscription.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from subscribers.errors import InvalidWish

ALL = "*"
"""Everything, also what is added later."""
SEPARATOR = "|"
MAX_KEY = 64


class WhenEmpty(StrEnum):
    """What a reader gets when nothing in an issue fits the selection."""

    NOTHING = "nothing"
    FOCUS = "focus"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Picks in their one canonical form: sorted, each once, and no list of names beside an `all`."""

    sections: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    all_sections: bool = False
    all_categories: bool = False
    when_empty: WhenEmpty = WhenEmpty.NOTHING

    def __post_init__(self) -> None:
        object.__setattr__(self, "sections", () if self.all_sections else _canonical(self.sections))
        object.__setattr__(self, "categories", () if self.all_categories else _canonical(self.categories))
        object.__setattr__(self, "when_empty", WhenEmpty(self.when_empty))

    @classmethod
    def from_fields(cls, sections: str, categories: str, when_empty: WhenEmpty = WhenEmpty.NOTHING) -> Wishes:
        """Read the two fields of a CSV row or a form: `a|b`, `*` for all, empty for none."""
        (some_sections, all_sections), (some_categories, all_categories) = _read(sections), _read(categories)
        return cls(some_sections, some_categories, all_sections, all_categories, when_empty)

    def to_fields(self) -> tuple[str, str]:
        """The sections and the categories as `from_fields` reads them."""
        return (
            ALL if self.all_sections else SEPARATOR.join(self.sections),
            ALL if self.all_categories else SEPARATOR.join(self.categories),
        )

    def digest(self) -> str:
        """64 hexadecimal digits that equal picks share, on every machine and in every release."""
        said = json.dumps(
            [self.all_sections, self.sections, self.all_categories, self.categories, self.when_empty],
            ensure_ascii=True,
            separators=(",", ":"),
        )
        return hashlib.sha256(said.encode()).hexdigest()

    def renamed(self, sections: Mapping[str, str], categories: Mapping[str, str]) -> Wishes:
        """The same picks after aliases: a merged category's old key becomes the one it went into."""
        return Wishes(
            tuple(sections.get(key, key) for key in self.sections),
            tuple(categories.get(key, key) for key in self.categories),
            self.all_sections,
            self.all_categories,
            self.when_empty,
        )


EVERYTHING = Wishes(all_sections=True, all_categories=True)
"""All sections and all categories, also those added later."""


@lru_cache(maxsize=4096)
def clean_key(text: str) -> str:
    """A section's or category's key as it is stored and compared: NFC, one space where there was white space.

    Raises `InvalidWish` for what the fields could not carry: nothing, `*`, a `|`, or more than 64 characters.
    """
    key = " ".join(unicodedata.normalize("NFC", text).split())
    if not key or key == ALL or SEPARATOR in key or len(key) > MAX_KEY or not key.isprintable():
        raise InvalidWish(
            f"{text[:80]!r} can't name a section or category: use 1–{MAX_KEY} printable characters, no | and no lone *"
        )
    return key


def _canonical(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({clean_key(key) for key in keys}))


def _read(field: str) -> tuple[tuple[str, ...], bool]:
    parts = tuple(filter(None, (part.strip() for part in field.split(SEPARATOR))))
    return ((), True) if ALL in parts else (parts, False)
