"""A person's rights: everything we know of them, and erasure.

This package answers for its own tables. Whoever keeps more about a subscriber (deliveries, hits) adds it by id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select, update

from subscribers import consent, suppression
from subscribers.addresses import normalise
from subscribers.audience import ALL_LISTS
from subscribers.errors import SubscribersError
from subscribers.models import (
    ConsentRecord,
    MailingList,
    Selection,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)
from subscribers.store import wishes_of
from subscribers.subscriptions import leave

ERASED = "erased"
Story = dict[str, Any]
"""JSON: words, numbers, lists, and moments in ISO 8601."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Whose address was erased, for those who keep more by id; None where nobody had it."""

    subscriber_id: int | None


def story(session: Session, email: str) -> Story | None:
    """Everything these tables know of an address, ready for JSON; None where they know nothing (GDPR 15, 20)."""
    key = normalise(email).key
    subscriber = session.exec(select(Subscriber).where(Subscriber.email_key == key)).first()
    suppressions = session.exec(select(Suppression).where(Suppression.email_key == key)).all()
    if subscriber is None and not suppressions:
        return None
    return {
        "subscriber": _plain(subscriber, "id", "email", "created_at") if subscriber else None,
        "subscriptions": _subscriptions(session, subscriber) if subscriber else [],
        "consent": _consent(session, subscriber) if subscriber else [],
        "suppressions": [_plain(each, "scope", "reason", "at", "detail") for each in suppressions],
    }


def erase(
    session: Session,
    email: str,
    now: datetime,
    secrets: Sequence[bytes],
    actor: str = consent.READER,
    fault: Callable[[str], None] = lambda _point: None,
) -> Erased:
    """Forget a person (GDPR 17, PIPA 36): end what they have, empty what names them, keep one keyed hash.

    The hash keeps an import from bringing the address back. Idempotent; also for an address that nobody has.
    """
    if not secrets:
        raise SubscribersError("erasure needs a secret key for the hash that remains: set one")
    key = normalise(email).key
    subscriber = session.exec(select(Subscriber).where(Subscriber.email_key == key).with_for_update()).first()
    session.exec(delete(Suppression).where(col(Suppression.email_key) == key))
    tombstone = suppression.tombstone(key, secrets[0])
    suppression.suppress(session, tombstone, ALL_LISTS, SuppressionReason.ERASED, now)
    fault("23")
    if subscriber is None or subscriber.id is None:
        return Erased(None)
    _end_all(session, subscriber.id, now, actor)
    fault("23")
    _empty(session, subscriber)
    fault("23")
    return Erased(subscriber.id)


def _end_all(session: Session, subscriber_id: int, now: datetime, actor: str) -> None:
    for found in session.exec(select(Subscription.id).where(Subscription.subscriber_id == subscriber_id)).all():
        assert found is not None
        leave(session, found, now, "erasure", actor, reason=ERASED)


def _empty(session: Session, subscriber: Subscriber) -> None:
    """No name, no address, no trace of a device; links that were mailed end with the generation."""
    session.exec(
        update(Subscription)
        .where(col(Subscription.subscriber_id) == subscriber.id)
        .values(name="", time_zone=None, send_hour=None)
    )
    session.exec(
        update(ConsentRecord).where(col(ConsentRecord.subscriber_id) == subscriber.id).values(ip=None, user_agent=None)
    )
    subscriber.email = subscriber.email_key = None
    subscriber.link_generation += 1
    session.add(subscriber)
    session.flush()


def _subscriptions(session: Session, subscriber: Subscriber) -> list[Story]:
    found = session.exec(
        select(Subscription, MailingList, Selection)
        .join(MailingList, col(MailingList.id) == col(Subscription.list_id))
        .join(Selection, col(Selection.id) == col(Subscription.selection_id))
        .where(Subscription.subscriber_id == subscriber.id)
        .order_by(col(Subscription.id))
    )
    settings = (
        "state",
        "name",
        "language",
        "time_zone",
        "send_hour",
        "cadence",
        "tracking",
        "paused_until",
        "created_at",
        "changed_at",
        "confirmed_at",
        "ended_at",
        "ended_reason",
    )
    return [
        {"list": mailing_list.slug} | _picks(selection) | _plain(subscription, *settings)
        for subscription, mailing_list, selection in found
    ]


def _picks(selection: Selection) -> Story:
    sections, categories = wishes_of(selection).to_fields()
    return {"sections": sections, "categories": categories, "when_empty": selection.when_empty.value}


def _consent(session: Session, subscriber: Subscriber) -> list[Story]:
    names = ("purpose", "action", "at", "utc_offset_minutes", "how", "ip", "user_agent", "text_version", "text_hash")
    slugs = dict(session.exec(select(MailingList.id, MailingList.slug)).all())
    assert subscriber.id is not None
    return [
        {"list": slugs.get(record.list_id)} | _plain(record, *names, "actor")
        for record in consent.history(session, subscriber.id)
    ]


def _plain(row: object, *names: str) -> Story:
    return {name: _json(getattr(row, name)) for name in names}


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
