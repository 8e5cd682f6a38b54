"""Sections: their titles as readers know them, and the keys that subscriptions remember."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from newsletter.ingest.trendwatch.lines import squash
from newsletter.issues.content import Section

CLIPPING = "clipping"

KNOWN = (
    Section("issue-focus", "이슈포커스"),
    Section("industry-tech", "산업·기술 동향"),
    Section("policy", "정책 동향"),
    Section(CLIPPING, "유망기술 클리핑"),
)
_BY_LETTERS = {squash(section.title): section for section in KNOWN}
UNNAMED = Section("unnamed", "기타")
"""For items that stand before any section's name."""


def find_known(title: str) -> Section | None:
    """The known section of that title, however it is broken over lines."""
    return _BY_LETTERS.get(squash(title))


def derive(title: str) -> Section:
    """A section nobody knows yet. Its key depends on the letters of its title only, so every issue agrees."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") if title.isascii() else ""
    digest = hashlib.sha256(squash(title).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return Section(slug[:24].strip("-") or f"section-{digest}", title)


@dataclass(slots=True)
class Numbering:
    """Ids of the items of one issue.

    An id is the section's key and the place in the summary table, such as `policy-3`. So it survives what
    corrections change most: a typo in a title, a rewritten body, a date, a category. It does not survive a
    change of order, which a published issue never sees. An item that the summary lacks counts apart
    (`policy-x1`), so that it shifts nobody else's id.
    """

    counts: dict[str, int] = field(default_factory=dict)

    def next_id(self, section: str, *, in_summary: bool) -> str:
        """The id of the next item of that section."""
        key = section if in_summary else f"{section}-x"
        self.counts[key] = self.counts.get(key, 0) + 1
        return f"{section}-{'' if in_summary else 'x'}{self.counts[key]}"
