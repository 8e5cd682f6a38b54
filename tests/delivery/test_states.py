from __future__ import annotations

import pytest

from newsletter.delivery.states import (
    SETTLED,
    TRANSITIONS,
    UNSETTLED,
    BatchState,
    Cause,
    Halt,
    WireClass,
    consequence,
    follow,
)
from newsletter.errors import StateError


def test_only_evidence_absence_or_a_decision_leads_out_of_unknown() -> None:
    """I3: no cause that time alone could bring about stands here."""
    assert {cause for state, cause in TRANSITIONS if state is BatchState.UNKNOWN} == {
        Cause.EVIDENCE,
        Cause.LATE_ANSWER,
        Cause.ABSENT,
        Cause.DECIDED_RESEND,
        Cause.DECIDED_LEAVE,
    }


def test_only_a_call_makes_a_batch_calling() -> None:
    assert [arrow for arrow, target in TRANSITIONS.items() if target is BatchState.CALLING] == [
        (BatchState.READY, Cause.CALL)
    ]


def test_accepted_and_refused_are_final() -> None:
    assert not {state for state, _ in TRANSITIONS} & {BatchState.ACCEPTED, BatchState.REFUSED}


def test_a_cancelled_batch_leaves_only_to_accepted_because_the_mail_did_go_out() -> None:
    left = {target for (state, _), target in TRANSITIONS.items() if state is BatchState.CANCELLED}
    assert left == {BatchState.ACCEPTED}


def test_settled_and_unsettled_are_all_states() -> None:
    assert set(BatchState) == SETTLED | UNSETTLED
    assert not SETTLED & UNSETTLED


def test_every_cause_leads_somewhere() -> None:
    assert {cause for _, cause in TRANSITIONS} == set(Cause)


@pytest.mark.parametrize("state", list(BatchState))
@pytest.mark.parametrize("cause", list(Cause))
def test_an_arrow_that_is_not_drawn_is_refused(state: BatchState, cause: Cause) -> None:
    if (state, cause) in TRANSITIONS:
        assert follow(state, cause) is TRANSITIONS[state, cause]
    else:
        with pytest.raises(StateError, match="possible from here"):
            follow(state, cause)


@pytest.mark.parametrize(
    ("wire", "cause", "halt"),
    [
        (WireClass.ACCEPTED, Cause.ACCEPTED, Halt.NOTHING),
        (WireClass.NOT_SENT, Cause.NOT_SENT, Halt.NOTHING),
        (WireClass.THROTTLED, Cause.THROTTLED, Halt.UNTIL),
        (WireClass.REFUSED, Cause.SPLIT, Halt.NOTHING),
        (WireClass.REFUSED_ACCOUNT, Cause.STOPPED, Halt.ALL),
        (WireClass.REFUSED_CONFIGURATION, Cause.STOPPED, Halt.ALL),
        (WireClass.REFUSED_OURS, Cause.STOPPED, Halt.CAMPAIGN),
        (WireClass.UNKNOWN, Cause.UNCLEAR, Halt.NOTHING),
    ],
)
def test_each_wire_class_has_its_consequence(wire: WireClass, cause: Cause, halt: Halt) -> None:
    found = consequence(wire, 0, 5)
    assert (found.cause, found.halt) == (cause, halt)
    assert follow(BatchState.CALLING, found.cause)


def test_a_refusal_naming_some_readers_keeps_the_others() -> None:
    assert consequence(WireClass.REFUSED, 1, 5).cause is Cause.ONE_REFUSED
    assert consequence(WireClass.REFUSED, 5, 5).cause is Cause.SPLIT


def test_only_throttling_counts_no_attempt() -> None:
    assert [wire for wire in WireClass if not consequence(wire, 0, 5).counts_as_attempt] == [WireClass.THROTTLED]
