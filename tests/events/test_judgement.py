from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.events.judgement import MACHINES, PEOPLE, Hit, judge, signal_of
from newsletter.events.vocabulary import EventKind, HitClass, Signal

DELIVERED = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


def a_hit(
    key: str,
    *,
    after: float = 60,
    kind: EventKind = EventKind.OPEN,
    signal: Signal = Signal.PLAIN,
    target: str = "",
) -> Hit:
    return Hit(key, kind, DELIVERED + timedelta(seconds=after), signal, target)


def a_click(key: str, *, after: float, target: str) -> Hit:
    return a_hit(key, after=after, kind=EventKind.CLICK, target=target)


def the_class(*hits: Hit) -> list[HitClass]:
    verdicts = judge(hits, DELIVERED)
    return [verdicts[hit.key].hit_class for hit in hits]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (BROWSER, Signal.PLAIN),
        ("Mozilla/5.0", Signal.BARE),
        ("Mozilla/5.0 (Windows NT 5.1) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", Signal.PROXY),
        ("YahooMailProxy; https://help.example.com", Signal.PROXY),
        ("curl/8.5.0", Signal.TOOL),
        ("python-requests/2.32", Signal.TOOL),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0", Signal.TOOL),
        ("Examplebot/1.0", Signal.TOOL),
        ("", Signal.NAMELESS),
        ("   ", Signal.NAMELESS),
    ],
)
def test_a_client_says_what_it_is(agent: str, expected: Signal) -> None:
    assert signal_of(agent) is expected


def test_a_flag_beats_a_browser_name() -> None:
    assert signal_of(BROWSER, is_flagged=True) is Signal.FLAGGED
    assert signal_of(BROWSER, is_prefetch=True) is Signal.TOOL


def test_a_flagged_open_is_a_machine_and_a_later_plain_one_a_person() -> None:
    assert the_class(a_hit("a", after=1, signal=Signal.FLAGGED), a_hit("b", after=600)) == [
        HitClass.MACHINE,
        HitClass.PERSON,
    ]


def test_an_open_at_delivery_with_nothing_after_is_a_prefetch() -> None:
    assert the_class(a_hit("a", after=1)) == [HitClass.PREFETCH]


def test_an_open_at_delivery_with_something_after_is_only_suspect() -> None:
    assert the_class(a_hit("a", after=1), a_hit("b", after=300)) == [HitClass.SUSPECT, HitClass.PERSON]


def test_an_open_and_a_click_within_a_second_are_a_person() -> None:
    assert the_class(a_hit("a", after=30), a_click("b", after=30.5, target="1")) == [HitClass.PERSON, HitClass.PERSON]


def test_four_links_in_ten_seconds_are_a_scanner() -> None:
    clicks = [a_click(str(n), after=60 + 3 * n, target=str(n)) for n in range(4)]
    assert set(the_class(*clicks)) == {HitClass.SCANNER}


def test_four_clicks_on_one_link_are_a_person() -> None:
    clicks = [a_click(str(n), after=60 + n, target="7") for n in range(4)]
    assert set(the_class(*clicks)) == {HitClass.PERSON}


def test_four_links_over_a_minute_are_a_person() -> None:
    clicks = [a_click(str(n), after=60 + 15 * n, target=str(n)) for n in range(4)]
    assert set(the_class(*clicks)) == {HitClass.PERSON}


def test_without_a_moment_of_delivery_nothing_is_too_soon() -> None:
    assert judge([a_hit("a", after=0)], None)["a"].hit_class is HitClass.PERSON


def test_no_class_is_a_person_and_a_machine() -> None:
    assert PEOPLE.isdisjoint(MACHINES)
    assert HitClass.SUSPECT not in PEOPLE | MACHINES


hits = st.builds(
    Hit,
    key=st.uuids().map(str),
    kind=st.sampled_from([EventKind.OPEN, EventKind.CLICK]),
    at=st.integers(-5, 120).map(lambda seconds: DELIVERED + timedelta(seconds=seconds)),
    signal=st.sampled_from(Signal),
    target=st.sampled_from(["", "1", "2", "3", "4", "5"]),
)


@given(st.lists(hits, max_size=12, unique_by=lambda hit: hit.key), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_verdicts_do_not_depend_on_order(found: list[Hit], chance: random.Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert judge(found, DELIVERED) == judge(shuffled, DELIVERED)
