"""One batch, one call: the same whoever runs it, a lane on one machine or a worker among many.

    look ─ compose ─ check ─ (06) ─ claim, commit ─ (07) ─ submit ─ (12) ─ record, commit ─ (14)
           render failures          intent is durable       what is known becomes a state

A process may die on any of these lines. Before the commit of the claim nothing has left; after it, only what the wire
proved counts, and the rest is *unknown*.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog

from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.compose import Composed, Composer
from newsletter.delivery.ledger import Attempt, Claim, NotNow, Obstacle, Recorded
from newsletter.delivery.message import Message, MessageError, check
from newsletter.delivery.rate import Rate
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome, Transport
from newsletter.kit.clock import Clock
from newsletter.kit.faults import fp

SOCKET_LIMIT: Final = 60.0
"""Seconds from the commit of the intent to the socket. Later than that nobody may rely on the deadline any more."""
_log = structlog.get_logger("newsletter.delivery")


class Did(StrEnum):
    """What one step came to."""

    CALLED = "called"
    WAITED = "waited"
    """Nothing was claimed; `until` says when to look again, where that is known."""
    SPLIT = "split"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to one batch, for a progress line and for the runner's next move."""

    batch_id: int
    campaign_id: int
    did: Did
    readers: int = 0
    wire: WireClass | None = None
    why: str = ""
    until: datetime | None = None


def new_attempt_id() -> str:
    """128 random bits: never used twice, and no guess finds another's."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a call needs. Shared by all lanes."""

    database: Database
    transport: Transport
    composer: Composer
    clock: Clock
    worker: str
    rate: Rate
    call_deadline: timedelta = timedelta(seconds=150)
    attempt_id: Callable[[], str] = field(default=new_attempt_id)


def deliver(desk: Desk, batch_id: int) -> Step:
    """Take one batch as far as it goes now. Safe to call twice, and at once: of two calls one finds nothing ready."""
    fp("05")
    attempt_id = desk.attempt_id()
    with desk.database.read() as session:
        now = desk.clock.now()
        if (obstacle := ledger.glance(session, batch_id, desk.transport.name, desk.rate, now)) is not None:
            return Step(batch_id, 0, Did.WAITED, why=obstacle.why, until=obstacle.until)
        composed = desk.composer.compose(session, batch_id, attempt_id, now)
    message = composed.message
    if len(message.recipients) > desk.transport.max_recipients:
        return _split(desk, batch_id, message.campaign_id)
    if (step := _pause_if_faulty(desk, batch_id, composed)) is not None:
        return step
    fp("06")
    claimed_after = desk.clock.elapsed()
    claim = _claim(desk, batch_id, composed)
    if isinstance(claim, NotNow):
        return Step(batch_id, message.campaign_id, Did.WAITED, why=claim.why, until=claim.until)
    outcome, message = _call(desk, message, claim, claimed_after)
    recorded = _record(desk, claim, message, outcome)
    halted = recorded.paused or recorded.stopped or ""
    return Step(batch_id, claim.campaign_id, Did.CALLED, len(claim.positions), outcome.wire, halted)


def is_faulty_start(failed: int, readers: int) -> bool:
    """Whether a campaign's first batch says that something is wrong with all of it, and not with one reader. Pure.

    At least one in a hundred, but one reader alone among others never stops the rest.
    """
    return failed > 0 and (failed == readers or (failed > 1 and failed * 100 >= readers))


def _claim(desk: Desk, batch_id: int, composed: Composed) -> Claim | NotNow:
    now = desk.clock.now()
    attempt = Attempt(
        composed.message.attempt_id, desk.transport.name, desk.worker, now, deadline=now + desk.call_deadline
    )
    with desk.database.write() as session:
        return ledger.claim(session, batch_id, attempt, desk.rate, composed.failed)


def _call(desk: Desk, message: Message, claim: Claim, claimed_after: float) -> tuple[Outcome, Message]:
    """Make the call, for exactly the readers whom the gate let through; whatever is raised becomes an outcome."""
    message = message.only(claim.positions)
    if len(message.recipients) != len(claim.positions):
        return Outcome(WireClass.NOT_SENT, detail="readers changed while the message was made"), message
    try:
        fp("07")
        if desk.clock.elapsed() - claimed_after > SOCKET_LIMIT:
            return Outcome(WireClass.NOT_SENT, detail="too late for the socket"), message
    except Exception as error:  # noqa: BLE001 -- before the socket: certainly not sent, whatever it was
        return Outcome(WireClass.NOT_SENT, detail=type(error).__name__), message
    try:
        outcome = desk.transport.submit(message)
        fp("12")
    except Exception as error:  # noqa: BLE001 -- a transport must not raise; if one does, nobody knows what it did
        return Outcome(WireClass.UNKNOWN, detail=type(error).__name__), message
    return outcome, message


def _record(desk: Desk, claim: Claim, message: Message, outcome: Outcome) -> Recorded:
    known = range(len(message.recipients))
    named = [message.recipients[index].position for index in outcome.named if index in known]
    with desk.database.write() as session:
        recorded = ledger.record(session, claim.attempt_id, outcome, desk.clock.now(), named)
    fp("14")
    _tell(claim, outcome, recorded)
    return recorded


def _tell(claim: Claim, outcome: Outcome, recorded: Recorded) -> None:
    facts = {"campaign": claim.campaign_id, "batch": claim.batch_id, "wire": str(outcome.wire)}
    if recorded.stopped:
        _log.error("sending-stopped", reason=recorded.stopped, **facts)
    elif recorded.paused:
        _log.error("campaign-paused", reason=recorded.paused, **facts)
    elif outcome.wire is not WireClass.ACCEPTED:
        _log.warning("not-accepted", detail=outcome.detail, **facts)


def _split(desk: Desk, batch_id: int, campaign_id: int) -> Step:
    with desk.database.write() as session:
        ledger.split_for_transport(session, batch_id, desk.transport.max_recipients, desk.clock.now())
    return Step(batch_id, campaign_id, Did.SPLIT)


def _pause_if_faulty(desk: Desk, batch_id: int, composed: Composed) -> Step | None:
    """Pause a campaign whose mail can't go out as it is: before the intent, so that nothing has to be found out."""
    message, failed = composed.message, composed.failed
    try:
        if message.recipients:
            check(message)
        readers = len(message.recipients) + len(failed)
        if not is_faulty_start(len(failed), readers):
            return None
        reason = f"{len(failed)} of the first {readers} readers could not be rendered: {next(iter(failed.values()))}"
    except MessageError as error:
        reason, failed = str(error), {}
    with desk.database.write() as session:
        if failed and ledger.has_called(session, message.campaign_id):
            return None
        if not ledger.pause(session, message.campaign_id, reason):
            return Step(batch_id, message.campaign_id, Did.WAITED, why=Obstacle.CAMPAIGN)
        ledger.exclude(session, message.campaign_id, ledger.RENDER_FAILED, failed, desk.clock.now())
    _log.error("campaign-paused", campaign=message.campaign_id, reason=reason)
    return Step(batch_id, message.campaign_id, Did.PAUSED, why=reason)
