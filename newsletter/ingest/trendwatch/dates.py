"""Dates as this publication prints them: `11.20`, `11/10`, `11月`, `1.4`, `2023.11.20.`, `2023.11.`.

A date printed without its year takes it from the item's reference where there is one; else it is the issue's,
and one less for an October–December item of a January issue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_LONGEST = 16
_UNITS = str.maketrans({"年": ".", "년": ".", "月": ".", "월": ".", "日": ".", "일": ".", "/": ".", "-": "."})
_MONTH_ALONE = re.compile(r"(\d{1,2})\s?[月월]", re.ASCII)
_IN_REFERENCE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s?[./-]\s?(1[0-2]|0?[1-9])(?!\d)(?:\s?[./-]\s?([12]\d|3[01]|0?[1-9])(?!\d))?", re.ASCII
)
_LAST_JANUARY_NUMBER = 3
"""A weekly, fortnightly or monthly with a number up to this is out by January or has no autumn behind it this year."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date as printed: its year or its day may be missing."""

    month: int
    day: int | None = None
    year: int | None = None

    def iso(self, year: int) -> str | None:
        """`YYYY-MM-DD`, or `YYYY-MM` without a day; `None` where the calendar has no such day."""
        try:
            known = date(year, self.month, self.day or 1)
        except ValueError:
            return None
        return known.isoformat() if self.day else known.isoformat()[:7]


def read_day(text: str) -> Day | None:
    """The date that `text` is, if it has the shape of one. Such a day need not exist: `13.45` has the shape."""
    if len(text) > _LONGEST:
        return None
    alone = _MONTH_ALONE.fullmatch(text.strip())
    if alone:
        return Day(int(alone[1]))
    parts = "".join(text.translate(_UNITS).split()).strip("’'").removesuffix(".").split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return _from_numbers(parts)


def _from_numbers(parts: list[str]) -> Day | None:
    """Two numbers are month and day, or year and month; three are year, month and day."""
    numbers = [int(part) for part in parts]
    longest = max(map(len, parts[1:]), default=9)
    if len(parts) == 2 and longest <= 2:
        return Day(numbers[1], None, numbers[0]) if len(parts[0]) == 4 else _month_and_day(parts[0], *numbers)
    if len(parts) == 3 and longest <= 2 and len(parts[0]) in {2, 4}:
        return Day(numbers[1], numbers[2], numbers[0] + (2000 if len(parts[0]) == 2 else 0))
    return None


def _month_and_day(printed: str, month: int, day: int) -> Day | None:
    return Day(month, day) if len(printed) <= 2 else None


def last_day(reference: str) -> Day | None:
    """The last date with a year in a reference: publications put it at the end, after the title."""
    found = [*_IN_REFERENCE.finditer(reference)][-1:]
    return Day(int(found[0][2]), int(found[0][3]) if found[0][3] else None, int(found[0][1])) if found else None


def year_of(day: Day, reference: Day | None, issue_year: int, issue_number: int) -> int:
    """The year of a date that was printed without one."""
    if day.year is not None:
        return day.year
    if reference is not None and reference.year is not None:
        return _nearest_year(day.month, reference.month, reference.year)
    autumn = day.month >= 10
    return issue_year - (autumn and issue_number <= _LAST_JANUARY_NUMBER)


def _nearest_year(month: int, reference_month: int, year: int) -> int:
    """A December item may cite a January paper, and the other way round."""
    if month - reference_month > 6:
        return year - 1
    return year + (reference_month - month > 6)
