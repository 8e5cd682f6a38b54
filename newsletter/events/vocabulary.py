"""Our own words for what a provider reports; each provider's module maps to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What happened to a delivery. Processed < deferred < delivered is a ladder; the rest only add up."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCE = "bounce"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    OPEN = "open"
    CLICK = "click"
    SPAM_REPORT = "spam-report"
    UNSUBSCRIBE = "unsubscribe"


HITS = (EventKind.OPEN, EventKind.CLICK)
"""The kinds that tell of a person's behaviour, and that are kept for readers who agreed to it alone."""

ENDINGS = (EventKind.BOUNCE, EventKind.SPAM_REPORT, EventKind.UNSUBSCRIBE)
"""The kinds that count even without our ids: they are about an address, and found by it."""


class HitClass(StrEnum):
    """Who caused an open or a click; `none` for everything else."""

    NONE = "none"
    PERSON = "person"
    PROXY = "proxy"
    MACHINE = "machine"
    PREFETCH = "prefetch"
    SCANNER = "scanner"
    SUSPECT = "suspect"


class Signal(StrEnum):
    """What one hit says about its client, by itself: all that is kept of a user agent."""

    PLAIN = "plain"
    FLAGGED = "flagged"
    PROXY = "proxy"
    BARE = "bare"
    TOOL = "tool"
    NAMELESS = "nameless"


class BounceClass(StrEnum):
    """Whose fault a bounce is. Only `hard` ends writing to an address."""

    HARD = "hard"
    SOFT = "soft"
    SENDER_PROBLEM = "sender-problem"


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event in our words. `email` leaves this value only to find a subscriber; it is stored nowhere."""

    kind: EventKind
    occurred_at: datetime
    delivery: tuple[int, int] | None = None
    """(campaign id, position), when our ids came back."""
    attempt_id: str | None = None
    email: str | None = None
    provider_id: str = ""
    signal: Signal = Signal.PLAIN
    url: str = ""
    target: int | None = None
    """For a click on a link of our own: the item's position in the issue, from 1."""
    attempt: str = ""
    reason: str = ""
    """The provider's words, without any address."""
    bounce: BounceClass | None = None
