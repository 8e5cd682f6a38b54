"""What one row of a subscriber file says. Pure: cells in, a `Row` or a `RowProblem` out.

None in a `Row` means that the file does not say: a new reader gets the list's default, a known one keeps what is
there. Only an empty `sections` or `categories` cell is a word of its own: nothing picked.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from subscribers.addresses import Address, normalise
from subscribers.choices import ChoiceRow, Choices
from subscribers.csvfile import RowProblem
from subscribers.errors import ImportRefused, InvalidAddress, InvalidWish
from subscribers.models import Cadence, Tracking
from subscribers.preferences import LANGUAGES, clean_name, is_time_zone
from subscribers.selections import ALL, SEPARATOR

Word = TypeVar("Word", bound=StrEnum)
Picks = tuple[tuple[str, ...], bool]
"""Keys, and whether all are meant."""

COLUMNS = (
    "email",
    "name",
    "language",
    "time_zone",
    "send_hour",
    "cadence",
    "sections",
    "categories",
    "tracking",
    "consent_at",
    "consent_source",
)
STATUS = "status"
"""Export adds it; import heeds it, so that a file taken out revives nobody when it is put back."""


class Status(StrEnum):
    """The words of the status column."""

    ACTIVE = "active"
    PENDING = "pending"
    ENDED = "ended"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Agreed:
    """Since when, and where, a person agreed."""

    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """One usable row."""

    address: Address
    name: str | None
    language: str | None
    time_zone: str | None
    send_hour: int | None
    cadence: Cadence | None
    tracking: Tracking | None
    sections: Picks | None
    categories: Picks | None
    agreed: Agreed | None
    status: Status | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every spelling of a list's sections and categories that leads to a key: key, alias, either name, any case."""

    sections: Mapping[str, str]
    categories: Mapping[str, str]

    @classmethod
    def of(cls, choices: Choices) -> Vocabulary:
        """From what the list has now."""
        return cls(
            _spellings(choices.sections, choices.section_aliases),
            _spellings(choices.categories, choices.category_aliases),
        )


class RowReader:
    """Reads the rows of one file for one list."""

    def __init__(self, header: Sequence[str], vocabulary: Vocabulary, zone: str, now: datetime) -> None:
        """Raises `ImportRefused` where the header isn't one."""
        self._header = _checked(header)
        self._zone = ZoneInfo(zone)
        self._now = now
        self._sections: Callable[[str], Picks] = lru_cache(4096)(_picker("section", vocabulary.sections))
        self._categories: Callable[[str], Picks] = lru_cache(4096)(_picker("category", vocabulary.categories))

    def read(self, cells: Sequence[str]) -> Row:
        """The row, or `RowProblem`."""
        if len(cells) != len(self._header) and (len(cells) < len(self._header) or any(cells[len(self._header) :])):
            raise RowProblem(
                f"the row has {len(cells)} cells, the header {len(self._header)}: look for a stray separator"
            )
        said = dict(zip(self._header, cells, strict=False))
        try:
            return self._row(said)
        except (InvalidAddress, InvalidWish) as error:
            raise RowProblem(str(error)) from None

    def _row(self, said: Mapping[str, str]) -> Row:
        agreed = self._agreed(said.get("consent_at", ""), said.get("consent_source", ""))
        tracking = _word(Tracking, "tracking", said.get("tracking", ""))
        if tracking is Tracking.INDIVIDUAL and agreed is None:
            raise RowProblem("tracking individual needs the row's own consent_at and consent_source")
        name = said.get("name", "")
        return Row(
            normalise(said["email"]),
            clean_name(name) if name else None,
            _language(said.get("language", "")),
            _time_zone(said.get("time_zone", "")),
            _hour(said.get("send_hour", "")),
            _word(Cadence, "cadence", said.get("cadence", "")),
            tracking,
            self._sections(said["sections"]) if "sections" in said else None,
            self._categories(said["categories"]) if "categories" in said else None,
            agreed,
            _word(Status, STATUS, said.get(STATUS, "")),
        )

    def _agreed(self, at: str, source: str) -> Agreed | None:
        """Both or nothing: half a proof is none."""
        if not at or not source:
            return None
        moment = _moment(at, self._zone)
        if moment > self._now:
            raise RowProblem(f"consent_at {at[:40]!r} is in the future")
        return Agreed(moment, clean_name(source, "consent_source"))


def _checked(header: Sequence[str]) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in header)
    while names and not names[-1]:
        names = names[:-1]
    if "email" not in names:
        raise ImportRefused(f"the first line has no column `email`: start the file with {','.join(COLUMNS)}")
    unknown = [name for name in names if name not in (*COLUMNS, STATUS)]
    if unknown:
        shown = ", ".join(repr(name[:40]) for name in unknown[:5]) + (" …" if len(unknown) > 5 else "")
        raise ImportRefused(f"unknown columns: {shown}. Remove them; known are {', '.join(COLUMNS)}")
    if len(set(names)) != len(names):
        raise ImportRefused("a column stands twice in the first line: keep one of each")
    return names


def _spellings(rows: Iterable[ChoiceRow], aliases: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for spelling, key in [
        *((row.key, row.key) for row in rows),
        *aliases.items(),
        *((row.name_ko, row.key) for row in rows),
        *((row.name_en, row.key) for row in rows),
    ]:
        found.setdefault(_folded(spelling), key)
    return found


def _folded(spelling: str) -> str:
    return " ".join(unicodedata.normalize("NFC", spelling).split()).casefold()


def _picker(kind: str, vocabulary: Mapping[str, str]) -> Callable[[str], Picks]:
    def pick(field: str) -> Picks:
        parts = [part for part in map(str.strip, field.split(SEPARATOR)) if part]
        if ALL in parts:
            return (), True
        unknown = [part for part in parts if _folded(part) not in vocabulary]
        if unknown:
            raise InvalidWish(
                f"unknown {kind} {unknown[0][:64]!r}: the list has {', '.join(sorted(set(vocabulary.values())))}"
            )
        return tuple(sorted({vocabulary[_folded(part)] for part in parts})), False

    return pick


def _word(kind: type[Word], column: str, text: str) -> Word | None:
    if not text:
        return None
    try:
        return kind(text.lower())
    except ValueError:
        raise RowProblem(f"{column} {text[:40]!r}: write one of {', '.join(kind)}") from None


def _language(text: str) -> str | None:
    if text and text.lower() not in LANGUAGES:
        raise RowProblem(f"language {text[:40]!r}: write one of {', '.join(LANGUAGES)}")
    return text.lower() or None


def _time_zone(text: str) -> str | None:
    if text and not is_time_zone(text):
        raise RowProblem(f"time_zone {text[:40]!r}: write one such as Asia/Seoul")
    return text or None


def _hour(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= 23):
        raise RowProblem(f"send_hour {text[:40]!r}: write 0 to 23")
    return int(text)


@lru_cache(maxsize=1024)
def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(".", "-", 2).replace("/", "-") if text[4:5] in "./" else text)
    except ValueError:
        raise RowProblem(
            f"consent_at {text[:40]!r}: write a date such as 2026-03-01 or 2026-03-01T09:30+09:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
