"""The few words of an email that differ between readers of one variant.

A variant holds tags in their place, `-nl<nonce>_<slot>_<context>-`. SendGrid replaces them by plain text
replacement and without escaping, so each context has a tag of its own: `h` is HTML text, `t` is plain text, `u` is a
token inside a URL, which means the same everywhere. All other transports, previews and the web copy use `fill`.

`substitutions` runs once per reader: the tags of a campaign are built once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from markupsafe import escape

from newsletter.errors import RenderError
from newsletter.rendering.escaping import one_line
from newsletter.rendering.look import Language, Tracking

PICKS_LIMIT = 600
"""Characters of the picks sentence. With it a reader's substitutions stay under SendGrid's 10,000 bytes."""
TOKEN_LIMIT = 512
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,512}")
_ANY_TAG = re.compile(r"-nl[0-9a-f]{8,32}_[a-z]+(?:_[htu])?-")


@dataclass(frozen=True, slots=True)
class Personal:
    """One reader's values. `picks` is a sentence, the others are URL-safe tokens; `click` is for `individual` only."""

    picks: str
    preferences: str
    unsubscribe: str
    web_copy: str
    click: str = ""


class Tags(NamedTuple):
    """The tags of one campaign, as they stand in its unfilled variants."""

    prefix: str
    picks_html: str
    picks_text: str
    preferences: str
    unsubscribe: str
    web_copy: str
    click: str
    open: str
    """Where SendGrid puts its pixel (`open_tracking.substitution_tag`); only in the HTML of `individual` variants."""


@lru_cache(maxsize=256)
def tags(nonce: str) -> Tags:
    """The tags of the campaign with this nonce."""
    prefix = f"-nl{nonce}_"
    slots = ("picks_h", "picks_t", "preferences_u", "unsubscribe_u", "webcopy_u", "click_u", "open")
    return Tags(prefix, *(f"{prefix}{slot}-" for slot in slots))


def open_tag(nonce: str) -> str:
    """The tag SendGrid replaces by its pixel; `fill` takes it away."""
    return tags(nonce).open


def substitutions(nonce: str, personal: Personal, tracking: Tracking) -> dict[str, str]:
    """Tag → value for one reader, escaped per context, never empty, under 10,000 bytes.

    Raises `RenderError` naming the value that can't be printed: that reader is excluded, the others go out.
    """
    tag = tags(nonce)
    picks_text, picks_html = _said(personal.picks, tag.prefix)
    found = {
        tag.picks_html: picks_html,
        tag.picks_text: picks_text,
        tag.preferences: personal.preferences,
        tag.unsubscribe: personal.unsubscribe,
        tag.web_copy: personal.web_copy,
    }
    tokens = [personal.preferences, personal.unsubscribe, personal.web_copy]
    if tracking == "individual":
        found[tag.click] = personal.click
        tokens.append(personal.click)
    for token in tokens:
        if not _TOKEN.fullmatch(token) or tag.prefix in token:
            raise RenderError(f"A link token must have 1 to {TOKEN_LIMIT} URL-safe characters: {token[:40]!r}.")
    return found


@lru_cache(maxsize=4096)
def _said(picks: str, prefix: str) -> tuple[str, str]:
    """The picks for plain text and for HTML. Cached: readers who picked the same are told the same."""
    text = one_line(picks)
    if not text or len(text) > PICKS_LIMIT:
        raise RenderError(f"The picks of a reader must have 1 to {PICKS_LIMIT} characters, not {len(text)}.")
    if prefix in text:
        raise RenderError("The picks of a reader hold a personal tag of this very campaign.")
    return text, str(escape(text))


def fill(text: str, substitutions: Mapping[str, str]) -> str:
    """The text with each tag replaced by its value, in one pass: a value is never looked into again.

    A tag without a value raises `RenderError`; the open tag has none and goes away.
    """
    first = next(iter(substitutions), None)
    pattern = _ANY_TAG if first is None else _tag_pattern(first.partition("_")[0])

    def value(match: re.Match[str]) -> str:
        tag = match[0]
        if tag in substitutions:
            return substitutions[tag]
        if tag.endswith("_open-"):
            return ""
        raise RenderError(f"The personal tag {tag} has no value: the mail belongs to another campaign or tracking.")

    return pattern.sub(value, text)


@lru_cache(maxsize=256)
def _tag_pattern(prefix: str) -> re.Pattern[str]:
    """All tags of one campaign, and of no other: an item's own text may look like another campaign's."""
    return re.compile(rf"{re.escape(prefix)}_[a-z]+(?:_[htu])?-")


def picks(section_names: Sequence[str], category_names: Sequence[str], everything: bool, language: Language) -> str:
    """What a reader picked, as the mail says it: at most three names, then how many more.

    >>> picks(["정책"], ["배터리", "AI"], False, "ko")
    '고르신 정책 · 배터리 · AI'
    """
    korean = language == "ko"
    if everything:
        return "모두 고르셨습니다" if korean else "You picked everything"
    names = [name for name in map(one_line, (*section_names, *category_names)) if name]
    if not names:
        return "고르신 소식" if korean else "Your picks"
    shown = " · ".join(names[:3])
    rest = len(names) - 3
    if korean:
        return f"고르신 {shown}" + (f" 외 {rest}" if rest > 0 else "")
    return f"You picked {shown}" + (f" and {rest} more" if rest > 0 else "")
