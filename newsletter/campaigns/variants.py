"""Who gets which item: section decides presence, category decides size.

Pure. `choose` is the whole rule of the product, for one selection and one issue; see docs/email.md for examples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from newsletter.issues.content import Content, Form, Item, Placement
from subscribers.selections import Wishes

MAX_ARTICLES = 10
MAX_CLIPPINGS = 12
"""At most so many in full; the rest are lines, from the last up: the limit is for the reader's patience."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a list's other names lead to the keys that selections hold: merged categories, spellings in issues."""

    categories: Mapping[str, str]
    sections: Mapping[str, str]

    def category(self, name: str) -> str:
        """The category's key for a name that an issue or an old selection uses."""
        return self.categories.get(name, name)

    def section(self, name: str) -> str:
        """The section's key for a name that an issue or an old selection uses."""
        return self.sections.get(name, name)


def choose(content: Content, wishes: Wishes, naming: Naming) -> tuple[Placement, ...]:
    """The items of one email, in its order: the focus, articles in full, clippings in full, then lines.

    Every item stands at most once, and within each group in the issue's order, never in the order of the picks:
    otherwise equal content would make many variants. An empty result is the exclusion `nothing-matched`, unless the
    selection asks for the focus article instead.
    """
    forms = [(item, form) for item in content.items if (form := _form(item, wishes, naming))]
    placements = _arranged(_limited(forms))
    if not placements and wishes.when_empty == "focus":
        return tuple(Placement(item.id, "full") for item in _focus(content))
    return placements


def variant_key(
    items: Iterable[tuple[str, Form]],
    *,
    language: str,
    tracking: str,
    is_advertising: bool,
    template_hash: str,
    subject: str,
) -> str:
    """Name of a variant: the hash of (item digest, form) in order, and of whatever else changes its bytes."""
    parts = [list(map(list, items)), language, tracking, is_advertising, template_hash, subject]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def _form(item: Item, wishes: Wishes, naming: Naming) -> Form | None:
    if not (wishes.all_sections or naming.section(item.section) in map(naming.section, wishes.sections)):
        return None
    if not item.categories or wishes.all_categories:
        return "full"
    wanted = {naming.category(name) for name in wishes.categories}
    if wanted & {naming.category(name) for name in item.categories}:
        return "full"
    return "line" if item.kind == "article" else None


def _limited(forms: Sequence[tuple[Item, Form]]) -> list[tuple[Item, Form]]:
    """Past the limits, full items become lines, from the last up."""
    room = {"article": MAX_ARTICLES, "clipping": MAX_CLIPPINGS}
    limited: list[tuple[Item, Form]] = []
    for item, form in forms:
        if form == "full":
            room[item.kind] -= 1
        limited.append((item, "line" if form == "full" and room[item.kind] < 0 else form))
    return limited


def _arranged(forms: Sequence[tuple[Item, Form]]) -> tuple[Placement, ...]:
    groups: tuple[list[Placement], ...] = ([], [], [])
    for item, form in forms:
        group = 2 if form == "line" else int(item.kind == "clipping")
        groups[group].append(Placement(item.id, form))
    return tuple(placement for group in groups for placement in group)


def _focus(content: Content) -> list[Item]:
    """The issue's first article, which stands in its focus section."""
    return [item for item in content.items if item.kind == "article"][:1] or list(content.items[:1])
