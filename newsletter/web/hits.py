"""Hits on our own image and links, written in groups: a counter for the one, an event for the other.

The image of `aggregate` tracking leaves a number and nothing else: no address, no client, no moment. A personal click
goes through the recorder like any event, which drops it where the reader does not agree (any more).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import literal, select
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign
from newsletter.db import Database
from newsletter.events.facts import dialect_insert
from newsletter.events.models import LoadCounter
from newsletter.events.recorder import record
from newsletter.events.vocabulary import ProviderEvent
from newsletter.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Load:
    """The image of a campaign was loaded."""

    campaign_ref: str


NewHit = Load | ProviderEvent


class HitWriter:
    """Stores a group of hits in one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def __call__(self, hits: Sequence[NewHit]) -> None:
        """Write them all, or raise and write none."""
        loads = Counter(hit.campaign_ref for hit in hits if isinstance(hit, Load))
        clicks = [hit for hit in hits if isinstance(hit, ProviderEvent)]
        with self._database.write() as session:
            for ref, count in sorted(loads.items()):
                _count(session, ref, count)
            if clicks:
                record(session, clicks, self._clock.now())


def _count(session: Session, campaign_ref: str, count: int) -> None:
    """Add to the counter of a campaign; one that does not exist has none."""
    insert = dialect_insert(session, LoadCounter)
    source = select(col(Campaign.id), literal(count)).where(col(Campaign.ref) == campaign_ref)
    session.execute(
        insert.from_select(["campaign_id", "count"], source).on_conflict_do_update(
            index_elements=["campaign_id"], set_={"count": col(LoadCounter.count) + insert.excluded.count}
        )
    )
