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


class HitClass(StrEnum):
    """Who caused an open or a click; `none` for everything else."""

    NONE = "none"
    PERSON = "person"
    PROXY = "proxy"
    MACHINE = "machine"
    PREFETCH = "prefetch"
    SCANNER = "scanner"
    SUSPECT = "suspect"


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
    is_machine: bool = False
    user_agent: str = ""
    url: str = ""
    attempt: str = ""
    reason: str = ""
