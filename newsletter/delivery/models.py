"""The sending record. Deliveries are written once at the freeze; after that only batches change.

Only `newsletter.delivery.ledger` writes these tables.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from newsletter.delivery.states import BatchState, WireClass
from subscribers.columns import BigKey, UTCDateTime, word


class Delivery(SQLModel, table=True):
    """One (campaign, subscriber), at a campaign-wide position from 1. Holds no address and no state of its own."""

    __tablename__ = "delivery"
    __table_args__: ClassVar = (
        UniqueConstraint("campaign_id", "subscriber_id"),
        Index("delivery_by_subscription", "subscription_id"),
    )

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True, sa_type=BigKey)
    position: int = Field(primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id", sa_type=BigKey)
    subscription_id: int = Field(foreign_key="subscription.id", sa_type=BigKey)
    selection_id: int = Field(foreign_key="selection.id", sa_type=BigKey)
    variant_id: int = Field(foreign_key="variant.id", sa_type=BigKey)


class Batch(SQLModel, table=True):
    """Neighbours in one variant and one sending time: one provider request. A split one has children."""

    __tablename__ = "batch"
    __table_args__: ClassVar = (
        Index("batch_due", "state", "not_before", "campaign_id", "first_position"),
        Index("batch_by_campaign", "campaign_id", "first_position"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    campaign_id: int = Field(foreign_key="campaign.id", sa_type=BigKey)
    variant_id: int = Field(foreign_key="variant.id", sa_type=BigKey)
    parent_id: int | None = Field(default=None, foreign_key="batch.id", sa_type=BigKey)
    first_position: int
    last_position: int
    not_before: datetime = Field(sa_type=UTCDateTime)
    state: BatchState = Field(sa_type=word(BatchState, "batch_state"))
    is_leaf: bool = True
    attempt_id: str | None = Field(default=None, max_length=32)
    """The latest attempt; it fences every later write."""
    attempt_count: int = 0
    deadline_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    message_id: str | None = Field(default=None, max_length=128)
    reason: str | None = Field(default=None, sa_type=Text)
    settled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Request(SQLModel, table=True):
    """One HTTP attempt. Its id is never reused; it is committed before the socket opens."""

    __tablename__ = "request"

    attempt_id: str = Field(primary_key=True, max_length=32)
    batch_id: int = Field(foreign_key="batch.id", sa_type=BigKey, index=True)
    provider: str = Field(default="", max_length=64)
    """Key of the `provider_state` row it was counted against."""
    worker: str = Field(max_length=64)
    called_at: datetime = Field(sa_type=UTCDateTime)
    deadline_at: datetime = Field(sa_type=UTCDateTime)
    call_over_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    outcome: WireClass | None = Field(default=None, sa_type=word(WireClass, "request_outcome"))
    status: int | None = None
    message_id: str | None = Field(default=None, max_length=128)
    detail: str | None = Field(default=None, sa_type=Text)
    evidence_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    evidence: str | None = Field(default=None, max_length=128)
    """What proved that the provider took it, such as an event's key."""


class Decision(SQLModel, table=True):
    """Who decided what about an unknown batch, a person or the policy."""

    __tablename__ = "decision"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    batch_id: int = Field(foreign_key="batch.id", sa_type=BigKey, index=True)
    actor: str = Field(max_length=64)
    action: str = Field(max_length=32)
    note: str = Field(default="", max_length=400)
    at: datetime = Field(sa_type=UTCDateTime)


class ProviderState(SQLModel, table=True):
    """One row per provider key: the rate limiter's next free moment, and why sending stands still."""

    __tablename__ = "provider_state"

    key: str = Field(primary_key=True, max_length=64)
    next_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """GCRA's theoretical arrival time."""
    blocked_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    stopped_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    stopped_reason: str | None = Field(default=None, max_length=400)
