"""Append-only proof of what a person agreed to or withdrew (GDPR 7(1), Korea's Network Act Art. 50; promise I7).

Records are written here and nowhere else. They are never changed or deleted, with one exception: erasure empties the
two fields that could point at a person, `ip` and `user_agent` (`privacy.erase`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from sqlalchemy import event
from sqlmodel import Session, col, select

from subscribers.models import ConsentAction, ConsentRecord

READER = "reader"
"""The actor of what a person did with their own hand; others are `provider`, `admin:<id>`, `import:<id>`."""


class Purpose(StrEnum):
    """What a consent is for; each is asked for on its own."""

    NEWSLETTER = "newsletter"
    ADVERTISING = "ad"
    TRACKING = "tracking"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a web page knows of the act. `ip` comes already cut as policy says."""

    ip: str | None = None
    user_agent: str | None = None
    text_version: str | None = None
    text_hash: str | None = None
    utc_offset_minutes: int = 0


NO_EVIDENCE = Evidence()
"""Where no web page was involved."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act of one person or system: when, how and by whom, with what proves it.

    `how`: `form`, `confirmation`, `one-click`, `import: <source>`, `webhook`.
    """

    at: datetime
    how: str
    actor: str = READER
    evidence: Evidence = NO_EVIDENCE


class ConsentRecordIsFinal(Exception):  # noqa: N818 -- reads as the sentence it is
    """A defect in our own code tried to rewrite history."""


def record(
    session: Session, subscriber_id: int, list_id: int | None, purpose: Purpose, action: ConsentAction, act: Act
) -> None:
    """Add one record."""
    session.add(
        ConsentRecord(
            subscriber_id=subscriber_id,
            list_id=list_id,
            purpose=purpose,
            action=action,
            at=act.at,
            utc_offset_minutes=act.evidence.utc_offset_minutes,
            how=act.how[:200],
            ip=act.evidence.ip and act.evidence.ip[:64],
            user_agent=act.evidence.user_agent and act.evidence.user_agent[:400],
            text_version=act.evidence.text_version,
            text_hash=act.evidence.text_hash,
            actor=act.actor[:64],
        )
    )
    session.flush()


def history(session: Session, subscriber_id: int) -> Sequence[ConsentRecord]:
    """All records of a person, in the order they were written."""
    return session.exec(
        select(ConsentRecord).where(ConsentRecord.subscriber_id == subscriber_id).order_by(col(ConsentRecord.id))
    ).all()


def given_purposes(session: Session, subscriber_id: int, list_id: int) -> frozenset[str]:
    """The purposes whose newest record says *given*."""
    newest: dict[str, ConsentAction] = {}
    for entry in history(session, subscriber_id):
        if entry.list_id == list_id:
            newest[entry.purpose] = entry.action
    return frozenset(purpose for purpose, action in newest.items() if action is ConsentAction.GIVEN)


def has_consented(session: Session, subscriber_id: int, list_id: int, purpose: Purpose) -> bool:
    """Whether the person's newest word on this purpose is yes; no record means no."""
    return purpose in given_purposes(session, subscriber_id, list_id)


def _refuse(_mapper: object, _connection: object, target: ConsentRecord) -> NoReturn:
    raise ConsentRecordIsFinal(f"consent record {target.id} is append-only: add a new one")


event.listen(ConsentRecord, "before_update", _refuse)
event.listen(ConsentRecord, "before_delete", _refuse)
