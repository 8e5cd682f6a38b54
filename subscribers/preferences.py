"""The personal settings of one subscription, as a value. Pure; what is not a valid setting can't be built.

They are no part of the selection, so that two readers with the same picks share one variant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from subscribers.errors import InvalidWish
from subscribers.models import Cadence, Tracking

LANGUAGES: Final = ("ko", "en")
MAX_NAME = 200
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
"""Controls, line and paragraph separators, and halves of characters (Unicode Cc, Zl, Zp, Cs)."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a reader set beside the picks; `time_zone` and `send_hour` None mean the list's own."""

    name: str = ""
    language: str = "ko"
    time_zone: str | None = None
    send_hour: int | None = None
    cadence: Cadence = Cadence.EACH
    tracking: Tracking = Tracking.AGGREGATE

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        if self.language not in LANGUAGES:
            raise InvalidWish(f"language {self.language[:40]!r}: write one of {', '.join(LANGUAGES)}")
        if self.time_zone is not None and not is_time_zone(self.time_zone):
            raise InvalidWish(f"time zone {self.time_zone[:40]!r}: write one such as Asia/Seoul")
        if self.send_hour is not None and not 0 <= self.send_hour <= 23:
            raise InvalidWish(f"hour {self.send_hour}: write 0 to 23")


def clean_name(text: str, what: str = "the name") -> str:
    """Text such as a reader's name in NFC on one line, or `InvalidWish`: in a header a line break would end it."""
    name = unicodedata.normalize("NFC", text).strip()
    if _CONTROL.search(name):
        raise InvalidWish(f"{what} holds a line break or another control character: write it on one line")
    if len(name) > MAX_NAME:
        raise InvalidWish(f"{what} is longer than {MAX_NAME} characters: shorten it")
    return name


@lru_cache(maxsize=1024)
def is_time_zone(name: str) -> bool:
    """Whether the zone data knows this name."""
    if not name.isascii() or not name or name.startswith(("/", ".")):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; malformed; the name of a folder of zones
        return False
    return True
