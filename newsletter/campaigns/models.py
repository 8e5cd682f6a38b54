"""One sending: which issue versions, to which occurrence, in how many variants. Written at planning, then frozen."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from newsletter.campaigns.states import CampaignKind, CampaignState, ExclusionStage
from subscribers.columns import BigKey, UTCDateTime, word
from subscribers.models import Tracking


class Campaign(SQLModel, table=True):
    """One sending. (schedule, occurrence) is UNIQUE: an occurrence is claimed once, by hand or by the clock."""

    __tablename__ = "campaign"
    __table_args__: ClassVar = (UniqueConstraint("schedule", "occurrence"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    ref: str = Field(unique=True, max_length=32)
    """Opaque public name, in the address of the shared image."""
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    kind: CampaignKind = Field(sa_type=word(CampaignKind, "campaign_kind"))
    state: CampaignState = Field(sa_type=word(CampaignState, "campaign_state"))
    schedule: str = Field(max_length=128)
    """`manual:<list slug>` or the schedule's name."""
    occurrence: str = Field(max_length=128)
    """Local wall time without offset, or for a manual one what makes it that sending."""
    starts_at: datetime = Field(sa_type=UTCDateTime)
    local_hour: int | None = None
    """Send at this hour in each reader's own zone; a reader's own hour beats it."""
    batch_size: int
    nonce: str = Field(max_length=32)
    """In the substitution tags of every mail of this campaign."""
    subject: str | None = Field(default=None, max_length=400)
    candidate_count: int = 0
    pause_reason: str | None = Field(default=None, max_length=400)
    created_at: datetime = Field(sa_type=UTCDateTime)
    frozen_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class CampaignIssue(SQLModel, table=True):
    """The issue versions that a campaign carries, in order."""

    __tablename__ = "campaign_issue"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True, sa_type=BigKey)
    issue_version_id: int = Field(foreign_key="issue_version.id", primary_key=True, sa_type=BigKey)
    ordinal: int


class Variant(SQLModel, table=True):
    """One campaign's content as some readers see it; subject, HTML and text stand here once.

    `key` is the hash of the ordered (item version, form) list, language, tracking, label and template hash.
    """

    __tablename__ = "variant"
    __table_args__: ClassVar = (UniqueConstraint("campaign_id", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    campaign_id: int = Field(foreign_key="campaign.id", sa_type=BigKey)
    key: str = Field(max_length=64)
    language: str = Field(max_length=8)
    tracking: Tracking = Field(sa_type=word(Tracking, "variant_tracking"))
    is_advertising: bool
    template_hash: str = Field(max_length=64)
    subject: str = Field(sa_type=Text)
    preheader: str = Field(sa_type=Text)
    html: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    full_count: int
    line_count: int
    shortened_count: int
    """Items turned into lines to keep the mail under its byte budget."""


class VariantItem(SQLModel, table=True):
    """The item ledger: which item versions a variant held, in which form and order."""

    __tablename__ = "variant_item"

    variant_id: int = Field(foreign_key="variant.id", primary_key=True, sa_type=BigKey)
    ordinal: int = Field(primary_key=True)
    item_version_id: int = Field(foreign_key="item_version.id", sa_type=BigKey, index=True)
    form: str = Field(max_length=8)


class Choice(SQLModel, table=True):
    """The plan's answer for one (selection, language, tracking): a variant, or the reason why there is none."""

    __tablename__ = "plan_choice"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True, sa_type=BigKey)
    selection_id: int = Field(foreign_key="selection.id", primary_key=True, sa_type=BigKey)
    language: str = Field(primary_key=True, max_length=8)
    tracking: Tracking = Field(primary_key=True, sa_type=word(Tracking, "choice_tracking"))
    variant_id: int | None = Field(default=None, foreign_key="variant.id", sa_type=BigKey)
    exclusion: str | None = Field(default=None, max_length=64)


class Wave(SQLModel, table=True):
    """The plan's sending time for one (time zone, hour): what readers share who want it at the same moment."""

    __tablename__ = "plan_wave"

    campaign_id: int = Field(foreign_key="campaign.id", primary_key=True, sa_type=BigKey)
    time_zone: str = Field(primary_key=True, max_length=64)
    send_hour: int = Field(primary_key=True)
    """-1 where neither the reader nor the campaign names an hour."""
    not_before: datetime = Field(sa_type=UTCDateTime)


class Exclusion(SQLModel, table=True):
    """Append-only: a candidate who gets nothing, and why. Send-stage ones count inside the deliveries."""

    __tablename__ = "exclusion"
    __table_args__: ClassVar = (
        UniqueConstraint("campaign_id", "subscriber_id"),
        Index("exclusion_by_reason", "campaign_id", "stage", "reason"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    campaign_id: int = Field(foreign_key="campaign.id", sa_type=BigKey)
    subscriber_id: int = Field(foreign_key="subscriber.id", sa_type=BigKey)
    stage: ExclusionStage = Field(sa_type=word(ExclusionStage, "exclusion_stage"))
    reason: str = Field(max_length=64)
    position: int | None = None
    """The delivery's position, for the send stage."""
    detail: str | None = Field(default=None, max_length=400)
    at: datetime = Field(sa_type=UTCDateTime)
