"""What will be told about each mail of an accepted request, and when: pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

import orjson

from newsletter.sandbox.chance import FRESH, drawn_for, happens
from newsletter.sandbox.events import Event, Moment, event_of, status_change, unknown_type
from newsletter.sandbox.mail import Mail
from newsletter.sandbox.outcomes import REASONS, Step, steps_for, word_of
from newsletter.sandbox.switches import Switches


@dataclass(frozen=True, slots=True)
class Told:
    """An event waiting to be posted: `body` is its JSON, `due` the earliest second."""

    mail_id: str
    kind: str
    due: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Manner:
    """How events are told: seconds between one beat and the next, the switches, the seed."""

    delay: float
    switches: Switches
    seed: int


def tell(mail: Mail, manner: Manner, suppressed: str | None) -> Iterator[Told]:
    """Everything that will happen to `mail`; `suppressed` is why its address is on the suppression list."""
    bars = suppressed is not None and not mail.bypasses_suppression
    steps = steps_for(mail.address, suppressed=bars, opens_tracked=mail.opens_tracked)
    reason = suppressed or REASONS.get(word_of(mail.address), "")
    draw = drawn_for(manner.seed, mail.address)
    if manner.switches.change_events:
        steps = tuple(_bent(steps, mail, manner.switches, draw))
    start = max(datetime.fromisoformat(mail.accepted_at).timestamp(), mail.send_at)
    for step in steps:
        at = start + manner.delay * (step.beat + 1)
        event = _event(step, mail, Moment(int(at), step.attempt, step.machine, reason))
        if "status" in event and happens(draw, manner.switches.missing_status):
            del event["status"]
        late = draw.uniform(0, manner.switches.max_delay) if manner.switches.max_delay else 0
        yield told(mail, event, at + late, step.kind)


def told(mail: Mail, event: Event, due: float, kind: str) -> Told:
    """Any event about `mail` in the form in which it waits."""
    return Told(mail.id, kind, due, orjson.dumps(event))


def about_the_account(at: float) -> Told:
    """The account is suspended: the one event that belongs to no mail."""
    return Told("", "account_status_change", at, orjson.dumps(status_change(int(at))))


def engagement(mail: Mail, kind: str, at: float, *, machine: bool = False, url: str = "") -> Told:
    """An open, click, complaint or unsubscription at `at` Unix seconds."""
    return told(mail, event_of(kind, mail, Moment(int(at), machine=machine, url=url), FRESH), at, kind)


def _bent(steps: tuple[Step, ...], mail: Mail, switches: Switches, draw: Random) -> Iterator[Step]:
    """The steps, and what the switches add to them."""
    yield from steps
    last = steps[-1] if steps else None
    if last is not None and last.kind == "delivered":
        if mail.opens_tracked and happens(draw, switches.machine_open):
            yield replace(last, kind="open", machine=True)
        if happens(draw, switches.asynchronous_bounce):
            yield Step("asynchronous_bounce", last.beat + 1)
    if happens(draw, switches.unknown_type):
        yield Step("unknown_type", 1)


def _event(step: Step, mail: Mail, moment: Moment) -> Event:
    if step.kind == "unknown_type":
        return unknown_type(mail, moment.at, FRESH)
    return event_of(step.kind, mail, moment, FRESH)
