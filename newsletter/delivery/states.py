"""What happened on the wire, and where that leads a batch: the whole machine as two tables."""

from __future__ import annotations

from enum import StrEnum


class BatchState(StrEnum):
    """Accepted, refused and cancelled are settled; unknown is a state, and time alone never leaves it."""

    READY = "ready"
    CALLING = "calling"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


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
