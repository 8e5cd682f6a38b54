"""Row labels, and their two levels where a table groups its rows.

Text extraction flattens `4대 실행 과제 | 자료 거래 체계` into one run of short lines. Only a group that counts
itself can be told apart for certain: `4대 … 과제` and exactly four rows from there. Where the count does not
agree the label stays whole, with a warning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.lines import Line
from newsletter.ingest.trendwatch.runs import join_label

_COUNTED = re.compile(r"(\d{1,2})대(?![가-힣])", re.ASCII)
_GROUP_ENDS = ("과제", "목표", "전략", "분야", "방향", "원칙", "정책", "조치", "영역", "축")
_MANY_LINES = 7
"""A label of one level is hardly ever broken over so many lines."""


@dataclass(frozen=True, slots=True)
class Label:
    """The lines before a row's first point."""

    lines: tuple[tuple[str, Line], ...]

    @property
    def parts(self) -> list[str]:
        """Their texts."""
        return [text for text, _ in self.lines]

    @property
    def is_unclear(self) -> bool:
        """It opens like a counted group but goes on with something else, or it is broken over very many lines."""
        counted = _starts_counted(self) and not self.parts[-1].endswith(_GROUP_ENDS)
        return counted or len(self.parts) >= _MANY_LINES

    @property
    def split(self) -> tuple[int, int] | None:
        """(rows that the group counts, lines that its name takes), where a counted group opens this label."""
        counted = _COUNTED.match(self.parts[0]) if self.lines else None
        if counted is None:
            return None
        for place, part in enumerate(self.parts[:-1], start=1):
            if part.endswith(_GROUP_ENDS):
                return int(counted[1]), place
        return None


def tell_levels(labels: list[Label], account: Account, item: str) -> list[tuple[str, ...]]:
    """The labels of each row from outer to inner."""
    out: list[tuple[str, ...]] = []
    outer, rows_left = "", 0
    for place, label in enumerate(labels):
        parts = label.parts
        if rows_left == 0 and label.split and _agrees(labels, place, label.split[0]):
            rows_left, lines = label.split
            outer, parts = join_label(parts[:lines]), parts[lines:]
        elif label.is_unclear:
            _warn(label, account, item)
        inner = join_label(parts)
        out.append((outer, inner) if rows_left else tuple(filter(None, (inner,))))
        rows_left = max(rows_left - 1, 0)
    return out


def _agrees(labels: list[Label], place: int, count: int) -> bool:
    """The group counts the rows up to the next counted label, or to the end of the table."""
    following = labels[place + 1 :]
    until = next((n for n, label in enumerate(following) if _starts_counted(label)), len(following))
    return count == until + 1


def _starts_counted(label: Label) -> bool:
    return bool(label.lines) and _COUNTED.match(label.parts[0]) is not None


def _warn(label: Label, account: Account, item: str) -> None:
    account.warn(
        "labels-unclear",
        f"The label '{join_label(label.parts)}' seems to have two levels that can't be told apart.",
        line=label.lines[0][1].number,
        item=item,
    )
