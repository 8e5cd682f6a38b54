"""Text that was damaged when it was taken out of the page.

Two signs, each certain enough to keep such text out of an email until a person has corrected it: a closing bracket
that was never opened (the start of the text is missing), and a table's row label that runs straight into the first
two words of the next one's (the enumerators between them are missing).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.drafts import Draft
from newsletter.ingest.trendwatch.runs import Text
from newsletter.issues.content import Block, Table

_PAIRS = {")": "(", "）": "(", "」": "「", "』": "『", "]": "[", "〉": "〈", "》": "《"}
_MOST_RUNS = 200
_SAME = {"（": "("}
_BRACKET = re.compile("[" + re.escape("".join((*_PAIRS, *_SAME, *_PAIRS.values()))) + "]")
_ENUMERATOR = re.compile(r"(?:^|(?<=[\s(（▲]))(?:\d{1,2}|[가나다라마바사아자차카타파하A-Za-z])\Z")


def report_damage(draft: Draft, account: Account) -> None:
    """Warn of each damaged block, once, with the line where it shows and the block's text."""
    inside = {id(block) for table in draft.body if isinstance(table, Table) for block in _cells(table)}
    runs = [run for table in draft.body if isinstance(table, Table) for run in label_runs(table)][:_MOST_RUNS]
    for block, text in draft.origins:
        place, why = unopened(text.text), "a bracket closes that never opened: its start may be missing"
        if place is None and id(block) not in inside:
            place, why = _first_run(text.text, runs), "row labels of its table run together: signs may be missing"
        if place is not None:
            _warn(account, draft.item, text, place, why)


def _warn(account: Account, item: str, text: Text, place: int, why: str) -> None:
    account.warn(
        "damaged-text",
        f"Kept out of the email until corrected: {why} (near '{text.text[max(place - 8, 0) : place + 8].strip()}').",
        line=text.line_at(place),
        item=item,
        text=text.text,
    )


def unopened(text: str) -> int | None:
    """Where the first bracket closes that never opened. Enumerators such as `1)` and `가)` are none."""
    depth: Counter[str] = Counter()
    for found in _BRACKET.finditer(text):
        opener = _PAIRS.get(found[0])
        if opener is None:
            depth[_SAME.get(found[0], found[0])] += 1
        elif depth[opener]:
            depth[opener] -= 1
        elif found[0] != ")" or not _ENUMERATOR.search(text[max(found.start() - 4, 0) : found.start()]):
            return found.start()
    return None


def label_runs(table: Table) -> Iterator[str]:
    """Each label with the first two words of the next one's; three words at least, else it may be plain prose."""
    labels = [row.labels[-1] for row in table.rows if row.labels]
    for label, after in pairwise(labels):
        words = [*label.split(), *after.split()[:2]]
        if len(words) >= 3:
            yield " ".join(words)


def _first_run(text: str, runs: Sequence[str]) -> int | None:
    places = [place for place in map(text.find, runs) if place >= 0]
    return min(places, default=None)


def _cells(table: Table) -> Iterator[Block]:
    for row in table.rows:
        for cell in row.cells:
            yield from cell
