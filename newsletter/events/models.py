"""What came back. Bodies are stored before they are answered; facts only add up, in any order."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from newsletter.events.vocabulary import BounceClass, EventKind, HitClass, Signal
from subscribers.columns import BigKey, UTCDateTime, word


class InboxPost(SQLModel, table=True):
    """One webhook post as it came: stored durably before our 2xx, applied once afterwards."""

    __tablename__ = "inbox_post"
    __table_args__: ClassVar = (Index("inbox_waiting", "applied_at", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    provider: str = Field(max_length=32)
    received_at: datetime = Field(sa_type=UTCDateTime)
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Emptied after the retention time."""
    applied_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    event_count: int = 0
    new_count: int = 0
    quarantined_count: int = 0
    failure_count: int = 0
    """How often applying it failed as a whole; it waits and is tried again."""


class Event(SQLModel, table=True):
    """One event, once. `key` is its natural identity, so a repeat under a new provider id is still a repeat."""

    __tablename__ = "event"
    __table_args__: ClassVar = (Index("event_by_delivery", "campaign_id", "position"),)

    key: str = Field(primary_key=True, max_length=64)
    kind: EventKind = Field(sa_type=word(EventKind, "event_kind"))
    campaign_id: int | None = Field(default=None, foreign_key="campaign.id", sa_type=BigKey)
    position: int | None = None
    occurred_at: datetime = Field(sa_type=UTCDateTime)
    received_at: datetime = Field(sa_type=UTCDateTime)
    signal: Signal | None = Field(default=None, sa_type=word(Signal, "event_signal"))
    """For a hit: what its client said by itself, from which new rules can judge anew."""
    hit_class: HitClass | None = Field(default=None, sa_type=word(HitClass, "event_hit_class"))
    hit_reason: str | None = Field(default=None, max_length=64)
    rules_version: int | None = None
    target: int | None = None
    """For a click: the item's position in the issue, from 1."""
    bounce_class: BounceClass | None = Field(default=None, sa_type=word(BounceClass, "event_bounce_class"))
    detail: str | None = Field(default=None, sa_type=Text)
    """The provider's reason, without any address."""


class Fact(SQLModel, table=True):
    """What is known of one delivery: the earliest and latest moment and the number of its events of a kind."""

    __tablename__ = "fact"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True, sa_type=BigKey)
    position: int = Field(primary_key=True)
    kind: EventKind = Field(primary_key=True, sa_type=word(EventKind, "fact_kind"))
    hit_class: HitClass = Field(primary_key=True, sa_type=word(HitClass, "fact_hit_class"))
    """`person`, `machine` or another class for opens and clicks; `none` for the rest."""
    first_at: datetime = Field(sa_type=UTCDateTime)
    last_at: datetime = Field(sa_type=UTCDateTime)
    count: int


class LoadCounter(SQLModel, table=True):
    """Image loads of a campaign in `aggregate` tracking: a number and nothing else."""

    __tablename__ = "load_counter"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True, sa_type=BigKey)
    count: int = 0


class Quarantine(SQLModel, table=True):
    """An event that could not be read, kept for a person; the rest of its post was applied."""

    __tablename__ = "event_quarantine"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    inbox_id: int = Field(foreign_key="inbox_post.id", sa_type=BigKey, index=True)
    ordinal: int
    reason: str = Field(max_length=400)
