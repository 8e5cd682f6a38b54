"""Which clipping a row of the table is, and which category the row stands under.

Category and name come out as one run of short lines: `모빌리티` / `도로 진동` / `발전 매트`, or `AI AI 도면 검토` on
one. The summary knows the names, so what stands before a known name is the category.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.headings import likeness
from newsletter.ingest.trendwatch.lines import Line, head_of, squash
from newsletter.ingest.trendwatch.runs import join_label
from newsletter.ingest.trendwatch.sections import CLIPPING, Numbering
from newsletter.ingest.trendwatch.summary import Entry

_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Name:
    """A row's name and category as the table has them, and the summary's entry for it."""

    item: str
    entry: Entry | None
    name: str
    category: str
    line: int

    @property
    def letters(self) -> str:
        """The name's letters."""
        return squash(self.name)


@dataclass(slots=True)
class NameBook:
    """The clippings of the summary that were not met yet, and the categories known so far."""

    entries: list[Entry]
    account: Account
    numbering: Numbering
    section: str = CLIPPING
    category: str = ""
    known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known |= {entry.category for entry in self.entries if entry.category}

    def knows(self, letters: str) -> bool:
        """These letters are a name the summary has, alone or behind a known category: no text goes on like that."""
        before = {"", *map(squash, self.known)}
        return any(
            letters.endswith(entry.letters) and letters[: len(letters) - len(entry.letters)] in before
            for entry in self.entries
        )

    def read(self, pieces: list[tuple[str, Line]]) -> Name:
        """Take the next row's lines apart."""
        printed = join_label([text for text, _ in pieces])
        letters = squash(printed)
        entry = self._ending(letters)
        category = self._category(pieces, letters, entry)
        name = printed[len(head_of(printed, len(squash(category)))) :].strip() if category else printed
        entry = entry or self._alike(squash(name))
        if entry:
            self.entries.remove(entry)
        item = entry.id if entry else self.numbering.next_id(self.section, in_summary=False)
        self.category = category or self.category
        self.known.add(self.category)
        result = Name(item, entry, name, self.category, pieces[0][1].number)
        self._claim(pieces, result, category)
        return result

    def _ending(self, letters: str) -> Entry | None:
        """The entry whose name ends these lines; the longest where several do."""
        ending = [entry for entry in self.entries if letters.endswith(entry.letters)]
        return max(ending, key=lambda entry: len(entry.letters), default=None)

    def _category(self, pieces: list[tuple[str, Line]], letters: str, entry: Entry | None) -> str:
        """What stands before the name, if it is a category; empty where the cell above spans this row."""
        before = len(letters) - len(entry.letters) if entry else len(letters)
        if before == 0:
            return ""
        known = {squash(category): category for category in self.known if letters.startswith(squash(category))}
        if entry and letters[:before] in known:
            return known[letters[:before]]
        lines = [len(c) for c in known if 0 < len(c) < len(letters) and (_is_whole_lines(pieces, len(c)) or not entry)]
        if lines:
            return known[letters[: max(lines)]]
        return (
            head_of(join_label([text for text, _ in pieces]), before)
            if entry and _is_whole_lines(pieces, before)
            else ""
        )

    def _alike(self, letters: str) -> Entry | None:
        """An entry with another form of that name."""
        best = max(self.entries, key=lambda entry: likeness(entry.letters, letters), default=None)
        return best if best and likeness(best.letters, letters) >= _ALIKE else None

    def _claim(self, pieces: list[tuple[str, Line]], name: Name, category: str) -> None:
        """Where each letter of these lines went, and what the summary has otherwise."""
        differs = name.entry is not None and name.letters != name.entry.letters
        left = len(squash(category))
        for text, line in pieces:
            head = head_of(text, left) if left else ""
            left -= len(squash(head))
            self.account.content(line, head, name.item)
            rest = text[len(head) :]
            if differs:
                self.account.told(line, rest)
            else:
                self.account.content(line, rest, name.item)
        if name.entry and differs:
            self.account.warn(
                "name-mismatch",
                f"The table says '{name.name}', the summary '{name.entry.title}' (kept).",
                line=name.line,
                item=name.item,
            )
        self._warn_of_category(name)

    def _warn_of_category(self, name: Name) -> None:
        entry = name.entry
        if entry is None:
            self.account.warn("not-in-summary", f"'{name.name}' is missing from the summary; it was added.",
                              line=name.line, item=name.item)  # fmt: skip
        elif entry.category and name.category and squash(entry.category) != squash(name.category):
            self.account.warn(
                "category-mismatch",
                f"The summary says '{entry.category}', the table '{name.category}'; both were kept.",
                line=name.line,
                item=name.item,
            )


def _is_whole_lines(pieces: Iterable[tuple[str, Line]], letters: int) -> bool:
    """That many letters are one or more whole lines: a cell of its own."""
    for text, _ in pieces:
        letters -= len(squash(text))
        if letters <= 0:
            return letters == 0
    return False
