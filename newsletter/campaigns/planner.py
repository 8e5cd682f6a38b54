"""Decides a campaign: which variants there are, who gets which, and when. Pure; writes and renders nothing.

`decide` is called once per campaign with the distinct demands, of which a million readers have few hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.campaigns.variants import Naming, choose
from newsletter.issues.content import Content, Placement
from subscribers.selections import Wishes

NOTHING_MATCHED = "nothing-matched"
NO_HOUR = -1


@dataclass(frozen=True, slots=True)
class Demand:
    """One distinct wish among the readers: what the plan must have an answer for."""

    selection_id: int
    wishes: Wishes
    language: str
    tracking: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One content that at least one demand came to. `shortened` names the items that lost their full form."""

    placements: tuple[Placement, ...]
    language: str
    tracking: str
    shortened: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A demand's answer: a draft, or the reason why there is none."""

    demand: Demand
    draft: Draft | None
    exclusion: str | None


Fit = Callable[[str, str, tuple[Placement, ...]], tuple[tuple[Placement, ...], tuple[str, ...]]]
"""(language, tracking, placements) → placements that keep the byte budget, and the ids of items made lines for it."""


def decide(content: Content, demands: Iterable[Demand], naming: Naming, fit: Fit) -> list[Decision]:
    """An answer for every demand, in their order; equal contents share one draft."""
    drafts: dict[tuple[tuple[Placement, ...], str, str], Draft] = {}
    decisions: list[Decision] = []
    for demand in demands:
        placements = choose(content, demand.wishes, naming)
        if not placements:
            decisions.append(Decision(demand, None, NOTHING_MATCHED))
            continue
        key = (placements, demand.language, demand.tracking)
        if key not in drafts:
            fitted, shortened = fit(demand.language, demand.tracking, placements)
            drafts[key] = Draft(fitted, demand.language, demand.tracking, shortened)
        decisions.append(Decision(demand, drafts[key], None))
    return decisions


def not_before(starts_at: datetime, time_zone: str, send_hour: int, local_hour: int | None) -> datetime:
    """When a reader's mail may go: at the start, or at the next full hour of theirs that is not before it.

    A reader's own hour beats the campaign's. An hour that a clock change skips becomes the first moment after the gap;
    one that comes twice is taken the first time.
    """
    hour = local_hour if send_hour == NO_HOUR else send_hour
    if hour is None:
        return starts_at
    zone = ZoneInfo(time_zone)
    day = starts_at.astimezone(zone).date()
    for later in range(3):
        wall = datetime(day.year, day.month, day.day, hour, tzinfo=zone) + timedelta(days=later)
        moment = _first_valid(wall)
        if moment >= starts_at:
            return moment
    raise AssertionError(f"no {hour} o'clock in {time_zone} within three days")


def _first_valid(wall: datetime) -> datetime:
    """A wall time as a moment; inside a gap, the moment the gap ends."""
    moment = wall.astimezone(UTC)
    if moment.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None, fold=0):
        return moment
    gap = wall.replace(fold=0).utcoffset() or timedelta()  # inside a gap, fold=0 has the offset before the change
    after = wall.replace(fold=1).utcoffset() or timedelta()
    return _gap_end(moment, abs(after - gap), wall)


def _gap_end(moment: datetime, width: timedelta, wall: datetime) -> datetime:
    """The first instant of the new offset, found by halving the hour or so that the gap spans."""
    low, high = moment - width, moment
    before = low.astimezone(wall.tzinfo).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(wall.tzinfo).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0)
