from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.addresses import normalise
from subscribers.fates import UNDONE, Fate, Known, Terms, Verdict, judge
from subscribers.models import Cadence, ListKind, MailingList, SubscriptionState, Tracking
from subscribers.preferences import Preferences
from subscribers.rows import Agreed, Row, Status
from subscribers.selections import EVERYTHING, WhenEmpty, Wishes

ACTIVE, PENDING, ENDED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.ENDED
THEN = datetime(2026, 3, 1, tzinfo=UTC)
PROOF = Agreed(THEN, "form")
BARE = Row(normalise("alice@example.com"), None, None, None, None, None, None, None, None, None, None)
TERMS = Terms("ko", Tracking.AGGREGATE, None)
CLOSER = [Tracking.NONE, Tracking.AGGREGATE, Tracking.INDIVIDUAL]
PICKS = [None, ((), True), ((), False), (("policy",), False)]

rows = st.builds(
    Row,
    st.just(BARE.address),
    st.sampled_from([None, "Alice", "Al"]),
    st.sampled_from([None, "ko", "en"]),
    st.sampled_from([None, "UTC", "Asia/Seoul"]),
    st.sampled_from([None, 0, 9]),
    st.sampled_from([None, *Cadence]),
    st.sampled_from([None, *Tracking]),
    st.sampled_from(PICKS),
    st.sampled_from(PICKS),
    st.sampled_from([None, PROOF]),
    st.sampled_from([None, *Status]),
)
people = st.none() | st.builds(
    Known,
    st.just(7),
    st.sampled_from(SubscriptionState),
    st.sampled_from(["unsubscribed", "spam-report", "hard-bounce", "erased"]),
    st.booleans(),
    st.builds(Preferences, name=st.sampled_from(["", "Alice"]), tracking=st.sampled_from(Tracking)),
    st.sampled_from([EVERYTHING, Wishes(("policy",), ("AI",), when_empty=WhenEmpty.FOCUS)]),
)
terms = st.builds(
    Terms, st.just("ko"), st.sampled_from([Tracking.NONE, Tracking.AGGREGATE]), st.sampled_from([None, PROOF])
)


def _judge(row: Row, known: Known | None, terms: Terms, *, is_suppressed: bool = False) -> Verdict:
    return judge(row, known, is_suppressed=is_suppressed, terms=terms)


def _broken_promises(
    verdict: Verdict, row: Row, known: Known | None, terms: Terms, *, is_suppressed: bool = False
) -> list[str]:
    """Every promise about one verdict that it breaks."""
    writes = verdict.fate in {Fate.NEW, Fate.UPDATED}
    was = known.state if known else None
    preferences = verdict.preferences
    had = known.preferences.tracking if known else None
    checks = {
        "I6: revives": writes and (is_suppressed or was is ENDED),
        "R-89: active without proof": writes
        and verdict.state is ACTIVE
        and was is not ACTIVE
        and not (row.agreed or terms.declared),
        "an old yes beats a newer no": writes
        and verdict.state is ACTIVE
        and was is PENDING
        and bool(known and known.has_withdrawn),
        "a held row is mailed": writes
        and verdict.state is ACTIVE
        and was is not ACTIVE
        and row.status is Status.PENDING,
        "a closed row is written": writes and row.status in {Status.ENDED, Status.SUPPRESSED},
        "an active reader is silenced": was is ACTIVE and writes and verdict.state is not ACTIVE,
        "tracking comes closer": preferences is not None
        and had is not None
        and CLOSER.index(preferences.tracking) > CLOSER.index(had),
        "individual by default": preferences is not None
        and preferences.tracking is Tracking.INDIVIDUAL
        and row.tracking is not Tracking.INDIVIDUAL
        and had is not Tracking.INDIVIDUAL,
        "nothing to write": writes and (preferences is None or verdict.wishes is None),
        "two fates for one": verdict.fate in {Fate.DUPLICATE, Fate.REJECTED},
    }
    return [promise for promise, is_broken in checks.items() if is_broken]


@given(rows, people, st.booleans(), terms)
@settings(max_examples=800)
def test_every_verdict_keeps_every_promise(row: Row, known: Known | None, is_suppressed: bool, terms: Terms) -> None:
    assert (
        _broken_promises(
            _judge(row, known, terms, is_suppressed=is_suppressed), row, known, terms, is_suppressed=is_suppressed
        )
        == []
    )


@given(rows, people, terms)
@settings(max_examples=400)
def test_the_same_row_again_changes_nothing(row: Row, known: Known | None, terms: Terms) -> None:
    first = _judge(row, known, terms)
    if first.preferences is None or first.wishes is None:
        return
    then = Known(7, first.state, None, bool(known and known.has_withdrawn), first.preferences, first.wishes)
    assert _judge(row, then, terms).fate is Fate.UNCHANGED


def test_each_promise_is_watched() -> None:
    """The negative control: judges that break one rule each are caught, each for its own reason."""
    good = Verdict(Fate.UPDATED, ACTIVE, Preferences(), EVERYTHING)
    individual = Preferences(tracking=Tracking.INDIVIDUAL)
    active = Known(7, ACTIVE, None, has_withdrawn=False, preferences=Preferences(), wishes=EVERYTHING)
    proved = replace(BARE, agreed=PROOF)
    cases = {
        "I6: revives": (good, proved, replace(active, state=ENDED)),
        "R-89: active without proof": (replace(good, fate=Fate.NEW), BARE, None),
        "an old yes beats a newer no": (good, proved, replace(active, state=PENDING, has_withdrawn=True)),
        "a held row is mailed": (replace(good, fate=Fate.NEW), replace(proved, status=Status.PENDING), None),
        "a closed row is written": (good, replace(proved, status=Status.ENDED), active),
        "an active reader is silenced": (replace(good, state=PENDING), proved, active),
        "tracking comes closer": (
            replace(good, preferences=individual),
            replace(proved, tracking=Tracking.INDIVIDUAL),
            active,
        ),
        "individual by default": (replace(good, fate=Fate.NEW, preferences=individual), proved, None),
        "nothing to write": (Verdict(Fate.UPDATED, ACTIVE), proved, active),
        "two fates for one": (Verdict(Fate.DUPLICATE), BARE, None),
    }
    for promise, (verdict, row, known) in cases.items():
        assert promise in _broken_promises(verdict, row, known, TERMS)
    assert "I6: revives" in _broken_promises(good, proved, active, TERMS, is_suppressed=True)


def test_a_newcomer_gets_the_lists_defaults_and_everything() -> None:
    verdict = _judge(BARE, None, Terms("en", Tracking.NONE, None))
    assert verdict == Verdict(Fate.NEW, PENDING, Preferences(language="en", tracking=Tracking.NONE), EVERYTHING, None)


def test_a_list_that_tracks_by_default_does_not_track_imported_people() -> None:
    mailing_list = MailingList(
        slug="digest",
        name_ko="",
        name_en="",
        kind=ListKind.INFORMATION,
        tracking_default=Tracking.INDIVIDUAL,
        created_at=THEN,
    )
    assert Terms.of(mailing_list, None).tracking is Tracking.AGGREGATE


def test_the_files_declaration_stands_in_for_rows_without_their_own() -> None:
    declared = Terms("ko", Tracking.AGGREGATE, Agreed(THEN, "conference 2026"))
    own = replace(BARE, agreed=PROOF)
    assert _judge(BARE, None, declared).agreed == declared.declared
    assert _judge(own, None, declared).agreed == PROOF
    assert {_judge(row, None, declared).state for row in (BARE, own)} == {ACTIVE}


def test_what_an_undone_import_left_behind_may_come_again() -> None:
    left = Known(7, ENDED, UNDONE, has_withdrawn=True, preferences=Preferences(), wishes=EVERYTHING)
    assert _judge(replace(BARE, agreed=PROOF), left, TERMS).fate is Fate.NEW


def test_a_missing_column_leaves_picks_alone_and_an_empty_cell_clears_them() -> None:
    known = Known(
        7,
        ACTIVE,
        None,
        has_withdrawn=False,
        preferences=Preferences(),
        wishes=Wishes(("policy",), ("AI",), when_empty=WhenEmpty.FOCUS),
    )
    some = _judge(replace(BARE, categories=((), False)), known, TERMS)
    assert some.wishes == Wishes(("policy",), (), when_empty=WhenEmpty.FOCUS)
    assert _judge(BARE, known, TERMS).fate is Fate.UNCHANGED


def test_every_state_and_suppression_is_decided() -> None:
    """Exhaustive over what matters: nothing raises, and only the two writing fates carry anything."""
    for state, is_suppressed, agreed, status in product(
        SubscriptionState, (True, False), (None, PROOF), (None, *Status)
    ):
        known = Known(7, state, "unsubscribed", has_withdrawn=False, preferences=Preferences(), wishes=EVERYTHING)
        verdict = _judge(replace(BARE, agreed=agreed, status=status), known, TERMS, is_suppressed=is_suppressed)
        assert (verdict.preferences is None) == (verdict.fate in {Fate.UNCHANGED, Fate.SUPPRESSED})
