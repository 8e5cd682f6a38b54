"""How a campaign lives, as one table.

scheduled → freezing → sending ⇄ paused → finished
    │          │          │         │
    └──────────┴──────────┴─────────┴──→ cancelled
    └──→ missed   (too late; a person decides: sending, or cancelled)
"""

from __future__ import annotations

from enum import StrEnum

from newsletter.errors import StateError


class CampaignKind(StrEnum):
    """What a campaign carries."""

    ISSUE = "issue"
    ROUND_UP = "round-up"
    CATCH_UP = "catch-up"


class CampaignState(StrEnum):
    """Where a campaign stands."""

    SCHEDULED = "scheduled"
    FREEZING = "freezing"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    MISSED = "missed"


class ExclusionStage(StrEnum):
    """Left out when the audience was frozen, or just before the mail would have gone."""

    FREEZE = "freeze"
    SEND = "send"


_NEXT: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.SCHEDULED: frozenset({CampaignState.FREEZING, CampaignState.CANCELLED, CampaignState.MISSED}),
    CampaignState.FREEZING: frozenset({CampaignState.SENDING, CampaignState.PAUSED, CampaignState.CANCELLED}),
    CampaignState.SENDING: frozenset({CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.CANCELLED}),
    CampaignState.PAUSED: frozenset({CampaignState.SENDING, CampaignState.CANCELLED}),
    CampaignState.MISSED: frozenset({CampaignState.SENDING, CampaignState.CANCELLED}),
    CampaignState.FINISHED: frozenset(),
    CampaignState.CANCELLED: frozenset(),
}


def allows(now: CampaignState, then: CampaignState) -> bool:
    """Whether a campaign may go from one state to the other."""
    return then in _NEXT[now]


def require(now: CampaignState, then: CampaignState) -> None:
    """Raise `StateError` naming both states and what is possible instead."""
    if not allows(now, then):
        possible = ", ".join(sorted(_NEXT[now])) or "nothing, it is over"
        raise StateError(f"A campaign that is {now} can't become {then}; possible from here: {possible}.")
