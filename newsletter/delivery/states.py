"""What happened on the wire, and where that leads a batch: the whole machine as two tables. Pure.

             ┌── not sent, throttled, one refused, stopped ──┐
             ▼                                               │
          ready ──────────────── call ─────────────────→ calling ── 202 ──→ accepted
           │  ▲ ▲                                         │   │                 ▲
           │  │ └──── absent, decided: send again ──┐     │   └─ unclear,       │
           │  │                                     │     │      overdue,       │ evidence, late 202
           │  └──(two children)── refused ◄─ split ─┼─────┘      ended          │ (also from ready and
           │                                        │                ▼          │  from cancelled)
           └─ cancelled, nobody left ─→ cancelled ◄─┴─ leave ─── unknown ───────┘

Accepted, refused and cancelled are settled. Time alone never leads out of unknown: only evidence, proved absence or a
recorded decision does. Real life has two odd arrows: evidence may come while a batch waits for its decided second
call, and after a person left it alone; in both cases the mail did go out, so the batch is accepted. docs/reliability.md
tells the promises behind the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newsletter.errors import StateError


class BatchState(StrEnum):
    """Accepted, refused and cancelled are settled; unknown is a state, and time alone never leaves it."""

    READY = "ready"
    CALLING = "calling"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


SETTLED: Final = frozenset({BatchState.ACCEPTED, BatchState.REFUSED, BatchState.CANCELLED})
UNSETTLED: Final = frozenset(BatchState) - SETTLED


class WireClass(StrEnum):
    """What is known after one attempt (reliability.md, section 3)."""

    ACCEPTED = "accepted"
    NOT_SENT = "not-sent"
    THROTTLED = "throttled"
    REFUSED = "refused"
    REFUSED_ACCOUNT = "refused-account"
    REFUSED_OURS = "refused-ours"
    REFUSED_CONFIGURATION = "refused-configuration"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why a batch changes its state. Each is written by one function of the ledger."""

    CALL = "call"
    ACCEPTED = "accepted"
    NOT_SENT = "not-sent"
    THROTTLED = "throttled"
    ONE_REFUSED = "one-refused"
    """A refusal named readers; they are excluded now, and the rest is sent in a new attempt."""
    STOPPED = "stopped"
    """A refusal that has nothing to do with this batch: the account, the configuration, our own request."""
    SPLIT = "split"
    """A refusal of the content naming nobody: two children, or one reader alone, who is excluded."""
    UNCLEAR = "unclear"
    OVERDUE = "overdue"
    ENDED = "ended"
    """Its process is gone: found calling at a start."""
    EVIDENCE = "evidence"
    LATE_ANSWER = "late-answer"
    ABSENT = "absent"
    """Evidence against, and the call proved over: the policy sends again."""
    DECIDED_RESEND = "resend"
    DECIDED_LEAVE = "leave"
    CAMPAIGN_CANCELLED = "campaign-cancelled"
    NOBODY_LEFT = "nobody-left"
    TRANSPORT_CHANGED = "transport-changed"
    """Split before a call, because the transport takes fewer readers per request than planned."""
    RESTORED = "restored"


_READY, _CALLING, _ACCEPTED = BatchState.READY, BatchState.CALLING, BatchState.ACCEPTED
_REFUSED, _UNKNOWN, _CANCELLED = BatchState.REFUSED, BatchState.UNKNOWN, BatchState.CANCELLED

TRANSITIONS: Final[Mapping[tuple[BatchState, Cause], BatchState]] = {
    (_READY, Cause.CALL): _CALLING,
    (_READY, Cause.CAMPAIGN_CANCELLED): _CANCELLED,
    (_READY, Cause.NOBODY_LEFT): _CANCELLED,
    (_READY, Cause.TRANSPORT_CHANGED): _CANCELLED,
    (_READY, Cause.EVIDENCE): _ACCEPTED,
    (_READY, Cause.LATE_ANSWER): _ACCEPTED,
    (_READY, Cause.RESTORED): _UNKNOWN,
    (_CALLING, Cause.ACCEPTED): _ACCEPTED,
    (_CALLING, Cause.EVIDENCE): _ACCEPTED,
    (_CALLING, Cause.NOT_SENT): _READY,
    (_CALLING, Cause.THROTTLED): _READY,
    (_CALLING, Cause.ONE_REFUSED): _READY,
    (_CALLING, Cause.STOPPED): _READY,
    (_CALLING, Cause.SPLIT): _REFUSED,
    (_CALLING, Cause.UNCLEAR): _UNKNOWN,
    (_CALLING, Cause.OVERDUE): _UNKNOWN,
    (_CALLING, Cause.ENDED): _UNKNOWN,
    (_CALLING, Cause.RESTORED): _UNKNOWN,
    (_UNKNOWN, Cause.EVIDENCE): _ACCEPTED,
    (_UNKNOWN, Cause.LATE_ANSWER): _ACCEPTED,
    (_UNKNOWN, Cause.ABSENT): _READY,
    (_UNKNOWN, Cause.DECIDED_RESEND): _READY,
    (_UNKNOWN, Cause.DECIDED_LEAVE): _CANCELLED,
    (_CANCELLED, Cause.EVIDENCE): _ACCEPTED,
    (_CANCELLED, Cause.LATE_ANSWER): _ACCEPTED,
}


def follow(state: BatchState, cause: Cause) -> BatchState:
    """Where a cause leads from a state. Raises `StateError` where the table has no such arrow."""
    target = TRANSITIONS.get((state, cause))
    if target is None:
        possible = (
            ", ".join(sorted(known for start, known in TRANSITIONS if start is state)) or "nothing, it is settled"
        )
        raise StateError(f"A batch that is {state} can't move because of {cause}; possible from here: {possible}.")
    return target


class Halt(StrEnum):
    """How much stands still after an answer, besides the batch itself."""

    NOTHING = "nothing"
    UNTIL = "until"
    """All sending, until the moment the provider named."""
    CAMPAIGN = "campaign"
    ALL = "all"
    """All sending, until a person resumes it."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an answer means for the batch and for everything else."""

    cause: Cause
    halt: Halt = Halt.NOTHING
    counts_as_attempt: bool = True


_CONSEQUENCES: Final[Mapping[WireClass, Consequence]] = {
    WireClass.ACCEPTED: Consequence(Cause.ACCEPTED),
    WireClass.NOT_SENT: Consequence(Cause.NOT_SENT),
    WireClass.THROTTLED: Consequence(Cause.THROTTLED, Halt.UNTIL, counts_as_attempt=False),
    WireClass.REFUSED: Consequence(Cause.SPLIT),
    WireClass.REFUSED_ACCOUNT: Consequence(Cause.STOPPED, Halt.ALL),
    WireClass.REFUSED_OURS: Consequence(Cause.STOPPED, Halt.CAMPAIGN),
    WireClass.REFUSED_CONFIGURATION: Consequence(Cause.STOPPED, Halt.ALL),
    WireClass.UNKNOWN: Consequence(Cause.UNCLEAR),
}


def consequence(wire: WireClass, named: int, readers: int) -> Consequence:
    """What follows from an answer that named so many of the batch's readers.

    A refusal that names some but not all leaves the rest ready; one that names all, or nobody, ends this batch.
    """
    if wire is WireClass.REFUSED and 0 < named < readers:
        return Consequence(Cause.ONE_REFUSED)
    return _CONSEQUENCES[wire]
