"""Named places where a process may die in the middle of its work, numbered as in docs/reliability.md.

`fp("07")` does nothing in production. Tests set `NEWSLETTER_FAULT` to `07:kill`, `07:raise`, `07:sleep=3` or
`07:kill@4` (the fourth time it is reached), and the process behaves accordingly.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass


class InjectedFault(Exception):  # noqa: N818 -- it is a fault that was asked for
    """Raised at a fault point that was told to raise."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What shall happen, where, and at which visit."""

    point: str
    action: str
    seconds: float = 0.0
    visit: int = 1


def parse(word: str) -> Fault | None:
    """Read `NN:action[=seconds][@visit]`; an empty word means no fault."""
    if not word:
        return None
    point, _, rest = word.partition(":")
    what, _, visit = rest.partition("@")
    action, _, seconds = what.partition("=")
    if action not in {"kill", "raise", "sleep"}:
        raise ValueError(
            f"NEWSLETTER_FAULT={word!r}: write NN:kill, NN:raise or NN:sleep=SECONDS, with @VISIT if wanted"
        )
    return Fault(point, action, float(seconds or 0), int(visit or 1))


_fault = parse(os.environ.get("NEWSLETTER_FAULT", ""))
_visits: Counter[str] = Counter()


def fp(point: str) -> None:
    """Pass a fault point."""
    if _fault is None or _fault.point != point:
        return
    _visits[point] += 1
    if _visits[point] == _fault.visit:
        _strike(_fault)


def _strike(fault: Fault) -> None:
    if fault.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault.action == "sleep":
        time.sleep(fault.seconds)
    else:
        raise InjectedFault(f"fault point {fault.point}")
