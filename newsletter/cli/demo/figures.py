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
    loads: int
    """Shared images that the sandbox's people loaded."""


def headline(figures: Figures) -> str:
    """The one line to remember."""
    status, report = figures.status, figures.report
    return (
        f"{figures.readers:,} readers · {status['variants']:,} variants · {status['requests']:,} requests · "
        f"{accepted(status):,} accepted · {report['outcome']['delivered']:,} delivered · "
        f"opened by {report['opens']['people']:,} people / {report['opens']['machines']:,} machines"
    )


def accepted(status: dict[str, Any]) -> int:
    """Deliveries that the provider took."""
    return int(status["deliveries_by_state"].get("accepted", 0))


def faults(figures: Figures) -> list[str]:
    """Every figure that does not add up; empty when the demonstration proves what it says."""
    status, report, other = figures.status, figures.report, figures.stand_in
    told = other["mails_by_event"]
    excluded = sum(status["excluded_at_freeze"].values())
    checks = {
        "the sums close": bool(status["closes"]),
        "every reader is a candidate": status["candidates"] == figures.readers,
        "candidates = deliveries + exclusions": status["candidates"] == status["deliveries"] + excluded,
        "the campaign is finished": status["state"] == "finished",
        "every delivery was accepted": accepted(status) == status["deliveries"],
        "the sandbox took one mail per delivery": other["mails_accepted"] == status["deliveries"],
        "nobody got two": other["addresses"] == other["mails_accepted"],
        "requests = the sum over variants of readers / batch size, rounded up": (
            status["requests"] == figures.needed_requests == other["requests_accepted"]
        ),
        "delivered, as the sandbox told it": report["outcome"]["delivered"] == told.get("delivered", 0),
        "people who opened, as the sandbox told it": report["opens"]["people"] == told.get("open", 0),
        "image loads, as the sandbox made them": report["opens"]["loads"] == figures.loads,
        "machines that opened, as the sandbox told it": report["opens"]["machines"] == told.get("machine_open", 0),
    }
    return [what for what, holds in checks.items() if not holds]
