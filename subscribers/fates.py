"""What becomes of one imported row. Pure: the row, what is known of the person, and the file's declaration decide.

An import never lets anyone come back who left, complained, bounced or was erased (I6); never activates anyone without
proof of consent (R-89); and never makes tracking closer than a reader who is known already has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from subscribers.models import Cadence, MailingList, SubscriptionState, Tracking
from subscribers.preferences import Preferences
from subscribers.rows import Agreed, Row, Status
from subscribers.selections import WhenEmpty, Wishes

UNDONE = "undone-import"
"""`ended_reason` of a subscription that an undone import had made and that could not simply be removed."""
_CLOSENESS = (Tracking.NONE, Tracking.AGGREGATE, Tracking.INDIVIDUAL)


class Fate(StrEnum):
    """Every row has exactly one, so the counts add up to the rows."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Known:
    """The person's subscription to this list as it is."""

    subscription_id: int
    state: SubscriptionState
    ended_reason: str | None
    has_withdrawn: bool
    """Whether they ever withdrew; then a file's older yes does not count."""
    preferences: Preferences
    wishes: Wishes
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row's fate and, where something is to be written, what. `agreed` becomes a consent record."""

    fate: Fate
    state: SubscriptionState = SubscriptionState.PENDING
    preferences: Preferences | None = None
    wishes: Wishes | None = None
    agreed: Agreed | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every row of one import."""

    language: str
    tracking: Tracking
    declared: Agreed | None

    @classmethod
    def of(cls, mailing_list: MailingList, declared: Agreed | None) -> Terms:
        """The list's defaults; individual tracking is never one of them, whatever the list says."""
        tracking = mailing_list.tracking_default
        return cls(mailing_list.language, Tracking.AGGREGATE if tracking is Tracking.INDIVIDUAL else tracking, declared)


SUPPRESSED = Verdict(Fate.SUPPRESSED)


def judge(row: Row, known: Known | None, *, is_suppressed: bool, terms: Terms) -> Verdict:
    """The one decision of an import."""
    if is_suppressed or row.status in {Status.ENDED, Status.SUPPRESSED}:
        return SUPPRESSED
    if known is None or (known.state is SubscriptionState.ENDED and known.ended_reason == UNDONE):
        return _newcomer(row, terms)
    if known.state is SubscriptionState.ENDED:
        return SUPPRESSED
    return _acquaintance(row, known, terms)


def _newcomer(row: Row, terms: Terms) -> Verdict:
    preferences = Preferences(
        row.name or "",
        row.language or terms.language,
        row.time_zone,
        row.send_hour,
        row.cadence or Cadence.EACH,
        row.tracking or terms.tracking,
    )
    agreed = row.agreed or terms.declared
    return Verdict(Fate.NEW, _state(row, agreed), preferences, _wishes(row, None), agreed)


def _acquaintance(row: Row, known: Known, terms: Terms) -> Verdict:
    agreed = row.agreed or terms.declared
    state = known.state
    if state is SubscriptionState.PENDING and not known.has_withdrawn:
        state = _state(row, agreed)
    preferences = replace(
        known.preferences,
        name=row.name or known.preferences.name,
        language=row.language or known.preferences.language,
        time_zone=row.time_zone or known.preferences.time_zone,
        send_hour=known.preferences.send_hour if row.send_hour is None else row.send_hour,
        cadence=row.cadence or known.preferences.cadence,
        tracking=_not_closer(row.tracking, known.preferences.tracking),
    )
    wishes = _wishes(row, known.wishes)
    if (state, preferences, wishes) == (known.state, known.preferences, known.wishes):
        return Verdict(Fate.UNCHANGED)
    return Verdict(Fate.UPDATED, state, preferences, wishes, agreed if state is not known.state else None)


def _state(row: Row, agreed: Agreed | None) -> SubscriptionState:
    is_held = agreed is None or row.status is Status.PENDING
    return SubscriptionState.PENDING if is_held else SubscriptionState.ACTIVE


def _not_closer(wanted: Tracking | None, has: Tracking) -> Tracking:
    return has if wanted is None else min(wanted, has, key=_CLOSENESS.index)


def _wishes(row: Row, known: Wishes | None) -> Wishes:
    """A column that the file lacks leaves a known reader's picks alone, and means everything for a new one."""
    base = known or Wishes(all_sections=True, all_categories=True)
    sections, all_sections = row.sections or (base.sections, base.all_sections)
    categories, all_categories = row.categories or (base.categories, base.all_categories)
    when_empty = known.when_empty if known else WhenEmpty.NOTHING
    return _picked(sections, categories, all_sections, all_categories, when_empty)


@lru_cache(maxsize=4096)
def _picked(
    sections: tuple[str, ...],
    categories: tuple[str, ...],
    all_sections: bool,
    all_categories: bool,
    when_empty: WhenEmpty,
) -> Wishes:
    """Few picks are distinct in a file of a million rows."""
    return Wishes(sections, categories, all_sections, all_categories, when_empty)
