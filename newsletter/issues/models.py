"""Issues as stored: each import that changes something makes a new version, and an item version is shared by them."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from subscribers.columns import BigKey, UTCDateTime, word


class IssueState(StrEnum):
    """A draft is worked on; a ready issue may be sent."""

    DRAFT = "draft"
    READY = "ready"


class Issue(SQLModel, table=True):
    """One issue of a mailing list's publication, named by `key`, such as `2023-23`."""

    __tablename__ = "issue"
    __table_args__: ClassVar = (UniqueConstraint("list_id", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    list_id: int = Field(foreign_key="mailing_list.id", sa_type=BigKey)
    key: str = Field(max_length=64)
    year: int
    number: int
    state: IssueState = Field(default=IssueState.DRAFT, sa_type=word(IssueState, "issue_state"))
    created_at: datetime = Field(sa_type=UTCDateTime)


class IssueVersion(SQLModel, table=True):
    """The whole content at one time. `number` counts from 1; the highest is the current one."""

    __tablename__ = "issue_version"
    __table_args__: ClassVar = (UniqueConstraint("issue_id", "number"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    issue_id: int = Field(foreign_key="issue.id", sa_type=BigKey)
    number: int
    digest: str = Field(max_length=64)
    content: str = Field(sa_type=Text)
    """JSON as `newsletter.issues.content_json` writes it."""
    created_at: datetime = Field(sa_type=UTCDateTime)


class ItemVersion(SQLModel, table=True):
    """One item at one time: what a variant refers to, so that equal items are equal across issue versions."""

    __tablename__ = "item_version"
    __table_args__: ClassVar = (UniqueConstraint("issue_id", "item_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    issue_id: int = Field(foreign_key="issue.id", sa_type=BigKey)
    item_id: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    title: str = Field(sa_type=Text)
