from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.campaigns.planner import NO_HOUR, NOTHING_MATCHED, Demand, decide, not_before
from newsletter.campaigns.variants import Naming
from newsletter.issues.content import Content, Item, Placement, Section
from subscribers.selections import Wishes

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
NAMING = Naming({}, {})
CONTENT = Content(
    "A digest",
    2026,
    18,
    sections=(Section("policy", "Policy"),),
    items=(Item("a", "article", "policy", "A"), Item("b", "article", "policy", "B", categories=("AI",))),
)


def untouched(
    _language: str, _tracking: str, placements: tuple[Placement, ...]
) -> tuple[tuple[Placement, ...], tuple[str, ...]]:
    return placements, ()


def test_every_demand_gets_an_answer_and_equal_contents_share_a_draft() -> None:
    demands = [
        Demand(1, Wishes(all_sections=True), "ko", "aggregate"),
        Demand(2, Wishes(sections=("policy",)), "ko", "aggregate"),
        Demand(3, Wishes(sections=("policy",)), "en", "aggregate"),
        Demand(4, Wishes(), "ko", "aggregate"),
    ]
    decisions = decide(CONTENT, demands, NAMING, untouched)
    assert [decision.demand.selection_id for decision in decisions] == [1, 2, 3, 4]
    assert decisions[0].draft is decisions[1].draft
    assert decisions[2].draft is not decisions[0].draft
    assert decisions[3].exclusion == NOTHING_MATCHED


def test_what_the_budget_takes_away_is_named() -> None:
    def tight(_l: str, _t: str, placements: tuple[Placement, ...]) -> tuple[tuple[Placement, ...], tuple[str, ...]]:
        return tuple(Placement(one.item, "line") for one in placements), tuple(one.item for one in placements)

    (decision,) = decide(CONTENT, [Demand(1, Wishes(all_sections=True), "ko", "none")], NAMING, tight)
    assert decision.draft is not None
    assert decision.draft.shortened == ("a", "b")


def test_without_an_hour_mail_goes_at_the_start() -> None:
    assert not_before(NOON, "Asia/Seoul", NO_HOUR, None) == NOON


def test_a_readers_own_hour_beats_the_campaigns() -> None:
    assert not_before(NOON, "Asia/Seoul", 7, 9) == datetime(2026, 9, 2, 7, tzinfo=ZoneInfo("Asia/Seoul"))
    assert not_before(NOON, "Asia/Seoul", NO_HOUR, 22) == datetime(2026, 9, 1, 22, tzinfo=ZoneInfo("Asia/Seoul"))


def test_the_hour_that_is_just_now_is_not_put_off_by_a_day() -> None:
    start = datetime(2026, 9, 1, 9, tzinfo=ZoneInfo("Asia/Seoul"))
    assert not_before(start, "Asia/Seoul", 9, None) == start


def test_a_skipped_hour_becomes_the_first_moment_after_the_gap() -> None:
    """On 2026-03-29 Berlin goes from 02:00 to 03:00."""
    start = datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert not_before(start, "Europe/Berlin", 2, None) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_taken_the_first_time() -> None:
    """On 2026-10-25 Berlin has 02:00 twice, first at 00:00 UTC."""
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert not_before(start, "Europe/Berlin", 2, None) == datetime(2026, 10, 25, 0, tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 31)),  # noqa: DTZ001 -- hypothesis adds the zone
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
    st.integers(0, 23),
)
def test_a_wave_is_within_two_days_and_at_its_hour_or_just_after_a_gap(start: datetime, zone: str, hour: int) -> None:
    begins = start.replace(tzinfo=UTC)
    moment = not_before(begins, zone, hour, None)
    assert begins <= moment <= begins + timedelta(days=2, hours=1)
    wall = moment.astimezone(ZoneInfo(zone))
    before = (moment - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    at_the_hour = (wall.hour, wall.minute, wall.second) == (hour, 0, 0)
    assert at_the_hour or wall.utcoffset() != before.utcoffset()


def test_the_wave_property_would_notice_an_hour_in_the_wrong_zone() -> None:
    """Negative control: the hour taken in UTC is not the reader's hour."""
    wrong = not_before(NOON, "UTC", 7, None).astimezone(ZoneInfo("Asia/Seoul"))
    with pytest.raises(AssertionError):
        assert wrong.hour == 7
