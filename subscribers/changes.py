"""The settings of a subscription: read them, and change them for the next mail. Nobody joins or comes back by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from subscribers import consent
from subscribers.consent import NO_EVIDENCE, READER, Act, Evidence, Purpose
from subscribers.errors import UnknownSubscription
from subscribers.models import (
    Cadence,
    ConsentAction,
    MailingList,
    Subscriber,
    Subscription,
    Tracking,
)
from subscribers.preferences import Preferences
from subscribers.selections import Wishes
from subscribers.store import intern

Setting = TypeVar("Setting", str, int)
NO_HOUR = -1


@dataclass(frozen=True, slots=True)
class Change:
    """What a reader changes; None leaves a setting alone. Zone "" and hour -1 mean the list's own again."""

    wishes: Wishes | None = None
    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    send_hour: int | None = None
    cadence: Cadence | None = None
    tracking: Tracking | None = None
    paused_until: datetime | None = None


def change(  # noqa: PLR0913 -- the wish, and the act it is proved by
    session: Session,
    subscription_id: int,
    wanted: Change,
    now: datetime,
    how: str = "preferences",
    actor: str = READER,
    *,
    evidence: Evidence = NO_EVIDENCE,
) -> Subscription:
    """Set what `wanted` says, at once for the next mail. Never touches the state: nobody comes back by it.

    Individual tracking begun or ended is a consent given or withdrawn, and recorded.
    """
    subscription = locked(session, subscription_id)
    before = subscription.tracking
    apply(session, subscription, _merged(subscription, wanted), wanted.wishes)
    if wanted.paused_until is not None:
        subscription.paused_until = wanted.paused_until
    subscription.changed_at = now
    session.flush()
    if (before is Tracking.INDIVIDUAL) != (subscription.tracking is Tracking.INDIVIDUAL):
        action = ConsentAction.WITHDRAWN if before is Tracking.INDIVIDUAL else ConsentAction.GIVEN
        act = Act(now, how, actor, evidence)
        consent.record(session, subscription.subscriber_id, subscription.list_id, Purpose.TRACKING, action, act)
    return subscription


def resume(session: Session, subscription_id: int, now: datetime) -> Subscription:
    """End a pause."""
    subscription = locked(session, subscription_id)
    subscription.paused_until = None
    subscription.changed_at = now
    session.add(subscription)
    session.flush()
    return subscription


def get(session: Session, subscription_id: int) -> Subscription:
    """The subscription as the database has it now, or `UnknownSubscription`."""
    return _fresh(session, select(Subscription).where(Subscription.id == subscription_id), subscription_id)


def of_address(session: Session, mailing_list: MailingList, email_key: str) -> Subscription | None:
    """What this address has on this list, whatever its state."""
    return session.exec(
        select(Subscription)
        .join(Subscriber, col(Subscriber.id) == col(Subscription.subscriber_id))
        .where(Subscription.list_id == mailing_list.id, Subscriber.email_key == email_key)
    ).first()


def preferences_of(subscription: Subscription) -> Preferences:
    """The personal settings of a stored subscription, as a value."""
    return Preferences(
        subscription.name,
        subscription.language,
        subscription.time_zone,
        subscription.send_hour,
        subscription.cadence,
        subscription.tracking,
    )


def locked(session: Session, subscription_id: int) -> Subscription:
    """As `get`, and nobody else changes it until this transaction ends (PostgreSQL; on SQLite there is one writer)."""
    return _fresh(
        session, select(Subscription).where(Subscription.id == subscription_id).with_for_update(), subscription_id
    )


def apply(session: Session, subscription: Subscription, preferences: Preferences, wishes: Wishes | None) -> None:
    """Set all settings and, where given, the picks."""
    if wishes is not None:
        subscription.selection_id = intern(session, subscription.list_id, wishes)
    for name in Preferences.__slots__:
        setattr(subscription, name, getattr(preferences, name))
    session.add(subscription)


def _fresh(session: Session, query: SelectOfScalar[Subscription], subscription_id: int) -> Subscription:
    found = session.exec(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise UnknownSubscription(f"no subscription {subscription_id}: look the reader up again")
    return found


def _merged(subscription: Subscription, wanted: Change) -> Preferences:
    return Preferences(
        name=subscription.name if wanted.name is None else wanted.name,
        language=wanted.language or subscription.language,
        time_zone=_chosen(subscription.time_zone, wanted.time_zone, nothing=""),
        send_hour=_chosen(subscription.send_hour, wanted.send_hour, nothing=NO_HOUR),
        cadence=wanted.cadence or subscription.cadence,
        tracking=wanted.tracking or subscription.tracking,
    )


def _chosen(current: Setting | None, wanted: Setting | None, nothing: Setting) -> Setting | None:
    if wanted is None:
        return current
    return None if wanted == nothing else wanted
