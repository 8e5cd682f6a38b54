"""What can go wrong with an answer, and the script that says when: pure, apart from the script's own memory.

A fault is named `KIND` or `accept-KIND`. With `accept-` the request is checked, journalled and its events follow, and
only then does the answer fail; without it the request is forgotten. `EARLY` ones fail before the request is read, so
they can't accept; `HONEST` ones are proper answers with a twist and always accept.
"""

import dataclasses
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any, Final

from newsletter.sandbox.chance import drawn_for

PREFIX: Final = "accept-"
EARLY: Final = {
    "reset": "resets the connection once the head has come",
    "stall-before-reading": "reads nothing of the body for `seconds`, then closes",
    "cut-body": "reads the first part of the body, then resets",
    "refuse": "closes the listening port for `seconds`, from this request on, which is reset",
}
HONEST: Final = {
    "none": "a proper answer",
    "late": "a proper answer after `seconds`",
    "idle-close": "a proper answer on a kept connection that is closed after `seconds` of idleness",
    "connection-close": "a proper answer with `Connection: close`",
}
SILENT: Final = {
    "close": "reads everything, then closes without an answer",
    "stall": "reads everything, then says nothing for `seconds` and closes",
    "truncated": "a 202 whose body is cut",
    "trickle": "the 202, one byte every `gap` seconds",
    "garbage": "bytes that are no HTTP",
}
ANSWERS: Final = {
    "no-id": (HTTPStatus.ACCEPTED, "202 without X-Message-Id"),
    "200": (HTTPStatus.OK, "200 although no sandbox mode was asked"),
    "301": (HTTPStatus.MOVED_PERMANENTLY, "moved; whoever follows is counted"),
    "303": (HTTPStatus.SEE_OTHER, "see other; whoever follows is counted"),
    "400": (HTTPStatus.BAD_REQUEST, "a refusal of the whole request"),
    "400-row": (HTTPStatus.BAD_REQUEST, "a refusal that names personalization `row`"),
    "401-key": (HTTPStatus.UNAUTHORIZED, "a bad key"),
    "401-credits": (HTTPStatus.UNAUTHORIZED, "spent credits"),
    "403": (HTTPStatus.FORBIDDEN, "forbidden"),
    "404": (HTTPStatus.NOT_FOUND, "not found"),
    "405": (HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed"),
    "408": (HTTPStatus.REQUEST_TIMEOUT, "request timeout"),
    "413": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large"),
    "429": (HTTPStatus.TOO_MANY_REQUESTS, "slow down; with `reset_in` or `retry_after` if given"),
    "500": (HTTPStatus.INTERNAL_SERVER_ERROR, "server error"),
    "502": (HTTPStatus.BAD_GATEWAY, "bad gateway"),
    "503": (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
    "html-400": (HTTPStatus.BAD_REQUEST, "a 400 with an HTML page"),
    "html-502": (HTTPStatus.BAD_GATEWAY, "a 502 with an HTML page"),
}
LATE_KINDS: Final = frozenset({*SILENT, *ANSWERS})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong. Times in seconds; a field that the kind has no use for is ignored."""

    kind: str
    accepts: bool = False
    seconds: float = 1.0
    gap: float = 0.05
    reset_in: float | None = None
    retry_after: str | None = None
    row: int = 0

    @property
    def name(self) -> str:
        """The name it is asked for with."""
        return f"{PREFIX}{self.kind}" if self.accepts and self.kind in LATE_KINDS else self.kind

    @property
    def is_early(self) -> bool:
        """Whether it strikes before the body has been read."""
        return self.kind in EARLY


NONE: Final = Fault("none", accepts=True)
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "stall": {"seconds": 3600.0},
    "stall-before-reading": {"seconds": 3600.0},
    "idle-close": {"seconds": 0.2},
    "refuse": {"seconds": 2.0},
}
_MEMBERS: Final = frozenset({"kind", "seconds", "gap", "reset_in", "retry_after", "row"})


def fault_of(wanted: str | Mapping[str, Any]) -> Fault:
    """A fault out of its name, or out of an object with `kind` and its details. Raises ValueError."""
    details: dict[str, Any] = {"kind": wanted} if isinstance(wanted, str) else dict(wanted)
    unknown = set(details) - _MEMBERS
    if unknown:
        raise ValueError(f"A fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(_MEMBERS))}.")
    name = str(details.pop("kind", ""))
    kind = name.removeprefix(PREFIX)
    accepts = kind != name
    if kind not in LATE_KINDS and (accepts or (kind not in EARLY and kind not in HONEST)):
        raise ValueError(f"There is no fault {name!r}; GET /api/faults lists them.")
    _check_numbers(details)
    fault = Fault(kind, accepts or kind in HONEST)
    return dataclasses.replace(fault, **{**_DEFAULTS.get(kind, {}), **details})


def _check_numbers(details: Mapping[str, Any]) -> None:
    for name, value in details.items():
        if name != "retry_after" and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{name} is a number, not {value!r}.")
        if name == "retry_after" and not isinstance(value, str):
            raise ValueError(f"retry_after is the text of the header, not {value!r}.")


def faults_of(wanted: Sequence[str | Mapping[str, Any]]) -> list[Fault]:
    """A script in order; an object may say `times` to be repeated."""
    script: list[Fault] = []
    for one in wanted:
        if isinstance(one, str):
            script.append(fault_of(one))
            continue
        details = dict(one)
        times = details.pop("times", 1)
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise ValueError(f"times is a whole number from 1 up, not {times!r}.")
        script += [fault_of(details)] * times
    return script


@dataclass(slots=True)
class Script:
    """What the next requests will meet: first the queue in order, then `always`, then a draw from the mix."""

    queue: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    mix: tuple[tuple[Fault, float], ...] = ()
    draw: Random = field(default_factory=lambda: drawn_for(0))
    played: Counter[str] = field(default_factory=Counter)

    def next(self) -> Fault:
        """The fault of the request that begins now."""
        fault = self._choose()
        self.played[fault.name] += 1
        return fault

    def _choose(self) -> Fault:
        if self.queue:
            return self.queue.popleft()
        if self.always:
            return self.always
        if not self.mix:
            return NONE
        point = self.draw.random()
        for fault, share in self.mix:
            point -= share
            if point < 0:
                return fault
        return NONE


def mix_of(wanted: Mapping[str, Any]) -> tuple[tuple[Fault, float], ...]:
    """Faults with their shares of all requests. Raises ValueError when the shares make no sense."""
    for name, share in wanted.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or share < 0:
            raise ValueError(f"The share of {name} is a number from 0 to 1, not {share!r}.")
    if sum(wanted.values()) > 1:
        raise ValueError("The shares add up to more than 1.")
    return tuple((fault_of(name), float(share)) for name, share in wanted.items())


def vocabulary() -> dict[str, str]:
    """Every name and what it does, for people."""
    answers = {name: words for name, (_, words) in ANSWERS.items()}
    late = {**SILENT, **answers}
    return {
        **HONEST,
        **EARLY,
        **{name: f"not accepted; {words}" for name, words in late.items()},
        **{PREFIX + name: f"accepted; {words}" for name, words in late.items()},
    }
