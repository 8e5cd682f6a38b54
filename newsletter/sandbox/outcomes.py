"""What becomes of a mail, chosen by the address alone, so that a fixture's name says what will happen to it.

The word may be the whole local part or follow a `+`: `bounce@example.com`, `alice+bounce@example.com`. The table is
`OUTCOMES`; every other address is delivered.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """One event: its kind (a name in `events.py`) and how many beats after the first."""

    kind: str
    beat: int
    machine: bool = False
    attempt: int = 1


PROCESSED: Final = Step("processed", 0)
DELIVERED: Final = Step("delivered", 1)
DROPPED: Final = Step("dropped", 0)

OUTCOMES: Final[dict[str, tuple[Step, ...]]] = {
    "bounce": (PROCESSED, Step("bounce", 1)),
    "blocked": (PROCESSED, Step("blocked", 1)),
    "nostatus": (PROCESSED, Step("blocked_without_status", 1)),
    "deferred": (PROCESSED, Step("deferred", 1), Step("delivered", 2)),
    "expired": (
        PROCESSED,
        Step("deferred", 1, attempt=1),
        Step("deferred", 2, attempt=2),
        Step("deferred", 3, attempt=3),
        Step("expired", 4),
    ),
    "asyncbounce": (PROCESSED, DELIVERED, Step("asynchronous_bounce", 2)),
    "dropped": (DROPPED,),
    "invalid": (DROPPED,),
    "spam": (PROCESSED, DELIVERED, Step("spamreport", 2)),
    "unsubscribe": (PROCESSED, DELIVERED, Step("unsubscribe", 2)),
    "machine": (PROCESSED, DELIVERED, Step("open", 1, machine=True)),
    "slow": (PROCESSED,),
    "silent": (),
}
DELIVERY: Final = (PROCESSED, DELIVERED)

REASONS: Final[dict[str, str]] = {"dropped": "Bounced Address", "invalid": "Invalid"}
"""Why an address of the table is dropped; a suppressed one is dropped for what suppressed it."""

SUPPRESSES: Final[dict[str, str]] = {
    "bounce": "Bounced Address",
    "asynchronous_bounce": "Bounced Address",
    "spamreport": "Spam Reporting Address",
    "unsubscribe": "Unsubscribed Address",
}
"""What puts an address on the suppression list, and the reason its next mail is dropped with."""


def word_of(address: str) -> str:
    """The word that decides: the whole local part, or what follows its last `+`; empty when it means nothing."""
    word = address.rpartition("@")[0].lower().rpartition("+")[2]
    return word if word in OUTCOMES else ""


def steps_for(address: str, *, suppressed: bool, opens_tracked: bool) -> tuple[Step, ...]:
    """The events of one mail, in order. A machine opens only what is tracked."""
    if suppressed:
        return (DROPPED,)
    steps = OUTCOMES.get(word_of(address), DELIVERY)
    return tuple(step for step in steps if step.kind != "open" or opens_tracked)


def suppression_after(steps: tuple[Step, ...]) -> str | None:
    """Why the address is suppressed once these events have happened."""
    return next((SUPPRESSES[step.kind] for step in steps if step.kind in SUPPRESSES), None)
