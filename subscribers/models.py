"""Who may be written to: lists, readers, what they picked, what they agreed to, and whom never to write to.

This module is the one place where an address stands; everything else points at a `Subscriber` by id.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from subscribers.columns import BigKey, UTCDateTime, word
from subscribers.selections import WhenEmpty as WhenEmpty  # noqa: PLC0414 -- its home is pure, it is named here


class ListKind(StrEnum):
    """What a list's mails are before the law; there is no default (docs/security.md; C-13)."""

    ADVERTISING = "advertising"
    INFORMATION = "information"


class ChoiceState(StrEnum):
    """A section or category met first in an issue is proposed; an editor makes it active."""

    ACTIVE = "active"
    PROPOSED = "proposed"


class ChoiceKind(StrEnum):
    """The two things a reader picks from."""

    SECTION = "section"
    CATEGORY = "category"


class SubscriptionState(StrEnum):
    """Pending until the reader confirms; ended keeps the row, so that nothing revives it by accident."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


class Cadence(StrEnum):
    """How often a reader wants mail."""

    EACH = "each"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Tracking(StrEnum):
    """One shared image for all, the reader's own hits, or nothing."""

    AGGREGATE = "aggregate"
    INDIVIDUAL = "individual"
    NONE = "none"


class SuppressionReason(StrEnum):
    """Why an address gets nothing more."""

    HARD_BOUNCE = "hard-bounce"
    SPAM_REPORT = "spam-report"
    UNSUBSCRIBED_ALL = "unsubscribed-all"
    MANUAL = "manual"
    ERASED = "erased"


class ConsentAction(StrEnum):
    """A consent record says one of two things."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class MailingList(SQLModel, table=True):
    """A publication that people subscribe to, with its sender and its defaults."""

    __tablename__ = "mailing_list"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    slug: str = Field(unique=True, max_length=64)
    name_ko: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    kind: ListKind = Field(sa_type=word(ListKind, "list_kind"))
    language: str = Field(default="ko", max_length=8)
    time_zone: str = Field(default="Asia/Seoul", max_length=64)
    tracking_default: Tracking = Field(default=Tracking.AGGREGATE, sa_type=word(Tracking, "list_tracking"))
    from_name: str | None = Field(default=None, max_length=200)
    from_email: str | None = Field(default=None, max_length=320)
    reply_to: str | None = Field(default=None, max_length=320)
    postal_address: str | None = Field(default=None, max_length=400)
    phone: str | None = Field(default=None, max_length=64)
    is_public: bool = True
    created_at: datetime = Field(sa_type=UTCDateTime)


class Section(SQLModel, table=True):
    """A part of the publication; `key` is what issues and selections say."""

    __tablename__ = "section"
    __table_args__: ClassVar = (UniqueConstraint("list_id", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    key: str = Field(max_length=64)
    name_ko: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    position: int
    state: ChoiceState = Field(default=ChoiceState.ACTIVE, sa_type=word(ChoiceState, "section_state"))


class Category(SQLModel, table=True):
    """A technology category; serves all sections of its list. `key` is the name that issues print."""

    __tablename__ = "category"
    __table_args__: ClassVar = (UniqueConstraint("list_id", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    key: str = Field(max_length=64)
    name_ko: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    position: int
    state: ChoiceState = Field(default=ChoiceState.ACTIVE, sa_type=word(ChoiceState, "category_state"))


class Alias(SQLModel, table=True):
    """Another name of a section or category: a merged one's old key, or a spelling that issues use."""

    __tablename__ = "alias"
    __table_args__: ClassVar = (UniqueConstraint("list_id", "kind", "alias"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    kind: ChoiceKind = Field(sa_type=word(ChoiceKind, "alias_kind"))
    alias: str = Field(max_length=64)
    key: str = Field(max_length=64)


class Subscriber(SQLModel, table=True):
    """A person, by address. Erasure empties both address columns and keeps the row, so that sums still close."""

    __tablename__ = "subscriber"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    email: str | None = Field(default=None, max_length=320)
    email_key: str | None = Field(default=None, unique=True, max_length=320)
    """The address in the form that is compared: see `subscribers.addresses`."""
    link_generation: int = 0
    created_at: datetime = Field(sa_type=UTCDateTime)


class Selection(SQLModel, table=True):
    """What readers picked, interned: equal picks are one row of a list. See `subscribers.selections`."""

    __tablename__ = "selection"
    __table_args__: ClassVar = (UniqueConstraint("list_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    digest: str = Field(max_length=64)
    all_sections: bool
    all_categories: bool
    sections: list[str] = Field(sa_type=JSON)
    categories: list[str] = Field(sa_type=JSON)
    when_empty: WhenEmpty = Field(sa_type=word(WhenEmpty, "selection_when_empty"))


class Subscription(SQLModel, table=True):
    """One person on one list: a selection, and the personal settings that are not part of it."""

    __tablename__ = "subscription"
    __table_args__: ClassVar = (
        UniqueConstraint("list_id", "subscriber_id"),
        Index("subscription_by_subscriber", "subscriber_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    subscriber_id: int = Field(foreign_key="subscriber.id", sa_type=BigKey)
    selection_id: int = Field(foreign_key="selection.id", sa_type=BigKey)
    state: SubscriptionState = Field(sa_type=word(SubscriptionState, "subscription_state"))
    name: str = Field(default="", max_length=200)
    language: str = Field(default="ko", max_length=8)
    time_zone: str | None = Field(default=None, max_length=64)
    send_hour: int | None = None
    cadence: Cadence = Field(default=Cadence.EACH, sa_type=word(Cadence, "subscription_cadence"))
    tracking: Tracking = Field(default=Tracking.AGGREGATE, sa_type=word(Tracking, "subscription_tracking"))
    paused_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    import_id: int | None = Field(default=None, foreign_key="import_run.id", sa_type=BigKey, index=True)
    created_at: datetime = Field(sa_type=UTCDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When anything of it was last changed after it was made; undoing an import spares what was changed since."""
    confirmed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_reason: str | None = Field(default=None, max_length=64)


class ConsentRecord(SQLModel, table=True):
    """Append-only proof of what a person agreed to or withdrew (GDPR 7(1); I7 of the promises)."""

    __tablename__ = "consent_record"
    __table_args__: ClassVar = (Index("consent_by_subscriber", "subscriber_id", "list_id", "purpose"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    subscriber_id: int = Field(foreign_key="subscriber.id", sa_type=BigKey)
    list_id: int | None = Field(default=None, foreign_key="mailing_list.id", sa_type=BigKey)
    purpose: str = Field(max_length=32)
    """`newsletter`, `ad`, `tracking`, `transfer`."""
    action: ConsentAction = Field(sa_type=word(ConsentAction, "consent_action"))
    at: datetime = Field(sa_type=UTCDateTime)
    utc_offset_minutes: int = 0
    how: str = Field(max_length=200)
    """Where it happened: `form`, `one-click`, `import: <source>`, `webhook`."""
    ip: str | None = Field(default=None, max_length=64)
    user_agent: str | None = Field(default=None, max_length=400)
    text_version: str | None = Field(default=None, max_length=64)
    text_hash: str | None = Field(default=None, max_length=64)
    actor: str = Field(max_length=64)
    """`reader`, `provider`, `admin:<id>`, `import:<id>`."""


class Suppression(SQLModel, table=True):
    """An address that gets nothing, from one list or from all. Keyed by address, so it outlives the subscriber."""

    __tablename__ = "suppression"
    __table_args__: ClassVar = (UniqueConstraint("email_key", "scope"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    email_key: str = Field(max_length=320)
    scope: str = Field(max_length=64)
    """`*` for all lists, else a list's slug."""
    reason: SuppressionReason = Field(sa_type=word(SuppressionReason, "suppression_reason"))
    at: datetime = Field(sa_type=UTCDateTime)
    detail: str = Field(default="", max_length=400)


class ImportRun(SQLModel, table=True):
    """One import of a file: what it declared and what became of its rows."""

    __tablename__ = "import_run"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    file_name: str = Field(max_length=400)
    file_digest: str = Field(max_length=64)
    declaration: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """The file's own consent declaration: source, date, proof, owner."""
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    started_at: datetime = Field(sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
