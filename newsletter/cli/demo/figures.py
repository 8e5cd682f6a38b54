"""What the demonstration says in the end, and whether its figures add up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """The same sending, as the product counts it and as the sandbox, which knows nothing of the product, counts it."""

    status: dict[str, Any]
    report: dict[str, Any]
    stand_in: dict[str, Any]
    needed_requests: int
    readers: int


def headline(figures: Figures) -> str:
    """The one line to remember."""
    status, report = figures.status, figures.report
    return (
        f"{figures.readers:,} readers · {status['variants']:,} variants · {status['requests']:,} requests · "
        f"{accepted(status):,} accepted · {report['delivered']:,} delivered · "
        f"opened by {report['people']:,} people / {report['machines']:,} machines"
    )


def accepted(status: dict[str, Any]) -> int:
    """Deliveries that the provider took."""
    return int(status["deliveries_by_state"].get("accepted", 0))


def faults(figures: Figures) -> list[str]:
    """Every figure that does not add up; empty when the demonstration proves what it says."""
    status, report, other = figures.status, figures.report, figures.stand_in
    excluded = sum(status["excluded_at_freeze"].values())
    checks = {
        "the sums close": bool(status["closes"]),
        "every reader is a candidate": status["candidates"] == figures.readers,
        "candidates = deliveries + exclusions": status["candidates"] == status["deliveries"] + excluded,
        "the campaign is finished": status["state"] == "finished",
        "every delivery was accepted": accepted(status) == status["deliveries"],
        "the sandbox took one mail per delivery": other["mails"] == status["deliveries"],
        "nobody got two": other["addresses"] == other["mails"],
        "requests = the sum over variants of readers / batch size, rounded up": (
            status["requests"] == figures.needed_requests == other["requests"]
        ),
        "delivered, as the sandbox told it": report["delivered"] == other["delivered"],
        "people who opened, as the sandbox told it": report["people"] == other["people"],
        "machines that opened, as the sandbox told it": report["machines"] == other["machines"],
    }
    return [what for what, holds in checks.items() if not holds]
