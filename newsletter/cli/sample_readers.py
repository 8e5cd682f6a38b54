"""Sample readers with different wishes, for the demonstration and the tests: the same seed gives the same CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random

from subscribers.defaults import DIGEST_CATEGORIES, DIGEST_SECTIONS
from subscribers.importer import COLUMNS

ODD_MAILBOXES = ("bounce", "blocked", "deferred", "spam")
"""Address patterns that make the sandbox answer like a mailbox with that trouble: about one reader in a hundred."""


def write_sample_readers(path: Path, readers: int, selections: int, seed: int = 1) -> None:
    """A CSV for `newsletter subscribers import` with so many readers and distinct selections, some far more popular."""
    random = Random(seed)  # noqa: S311 -- sample data
    picks = _picks(random, selections)
    weights = [1 / rank for rank in range(1, len(picks) + 1)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in range(1, readers + 1):
            sections, categories = picks[number - 1] if number <= len(picks) else random.choices(picks, weights)[0]
            writer.writerow(_reader(random, number, sections, categories))


def _reader(random: Random, number: int, sections: str, categories: str) -> dict[str, str]:
    odd = f"+{random.choice(ODD_MAILBOXES)}" if number % 97 == 0 else ""
    return dict.fromkeys(COLUMNS, "") | {
        "email": f"reader{number:06d}{odd}@example.com",
        "language": random.choices(("ko", "en"), (4, 1))[0],
        "cadence": "each",
        "sections": sections,
        "categories": categories,
        "tracking": "aggregate" if odd else random.choices(("aggregate", "individual", "none"), (7, 2, 1))[0],
        "consent_at": "2025-01-06T09:00:00+09:00",
        "consent_source": "sample",
    }


def _picks(random: Random, wanted: int) -> Sequence[tuple[str, str]]:
    """So many distinct (sections, categories), the first of them everything."""
    found = {("*", "*"): None}
    sections, categories = [one.key for one in DIGEST_SECTIONS], [one.key for one in DIGEST_CATEGORIES]
    while len(found) < wanted:
        found.setdefault((_some(random, sections, 4), _some(random, categories, 5)))
    return list(found)[:wanted]


def _some(random: Random, keys: Sequence[str], most: int) -> str:
    if random.random() < 0.1:
        return "*"
    return "|".join(sorted(random.sample(keys, random.randint(1, most))))
