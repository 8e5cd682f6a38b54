"""Deeds on the ledger, one line each, for the tests of its verbs."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import select

from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Attempt, Claim, NotNow, Recorded
from newsletter.delivery.models import Batch, Request
from newsletter.delivery.rate import Rate
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.kit.clock import SteppedClock
from tests.delivery.world import FAST

PROVIDER = "memory"


@dataclass
class Book:
    """The ledger with its own numbering of attempts."""

    database: Database
    clock: SteppedClock
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def claim(self, batch_id: int, *, rate: Rate = FAST, failed: dict[int, str] | None = None) -> Claim | NotNow:
        now = self.clock.now()
        attempt = Attempt(f"{next(self.numbers):032x}", PROVIDER, "worker-1", now, now + timedelta(seconds=150))
        with self.database.write() as session:
            return ledger.claim(session, batch_id, attempt, rate, failed)

    def claimed(self, batch_id: int) -> Claim:
        claim = self.claim(batch_id)
        assert isinstance(claim, Claim), claim
        return claim

    def record(self, attempt_id: str, outcome: Outcome | WireClass, named: Collection[int] = ()) -> Recorded:
        if isinstance(outcome, WireClass):
            message_id = "m" if outcome is WireClass.ACCEPTED else None
            outcome = Outcome(outcome, message_id, detail="said so")
        with self.database.write() as session:
            return ledger.record(session, attempt_id, outcome, self.clock.now(), named)

    def batch(self, batch_id: int) -> Batch:
        with self.database.read() as session:
            return session.get_one(Batch, batch_id)

    def request(self, attempt_id: str) -> Request:
        with self.database.read() as session:
            return session.get_one(Request, attempt_id)

    def children(self, batch_id: int) -> list[Batch]:
        with self.database.read() as session:
            return list(session.exec(select(Batch).where(Batch.parent_id == batch_id)))


@pytest.fixture
def book(database: Database, clock: SteppedClock) -> Book:
    return Book(database, clock)
