"""What an event does to the person it is about. Each runs once per event, and repeating it would change nothing.

- a hard bounce: the address gets nothing more, from any list; `blocked` and our own problems never do that
- a spam report: the same, and the subscription ends
- an unsubscribe at the provider: the subscription ends; without our ids, all of that address end

With a subscription its personal hits go: leaving withdraws the consent to keep them.

All go through `subscribers`, which writes the consent records.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from newsletter.events import hits
from newsletter.events.readers import Reader, key_of
from newsletter.events.vocabulary import BounceClass, EventKind, ProviderEvent
from subscribers.audience import ALL_LISTS
from subscribers.models import Subscription, SubscriptionState, SuppressionReason
from subscribers.subscriptions import UNSUBSCRIBED, leave
from subscribers.suppression import suppress

HOW = "webhook"
ACTOR = "provider"
SPAM_REPORT = "spam-report"


def take_effect(session: Session, event: ProviderEvent, reader: Reader, now: datetime) -> None:
    """Do what this event means for its reader; most events mean nothing."""
    effect = _EFFECTS.get(event.kind)
    if effect is not None:
        effect(session, event, reader, now)


def _bounce(session: Session, event: ProviderEvent, reader: Reader, now: datetime) -> None:
    if event.bounce is BounceClass.HARD:
        _suppress(session, event, reader, SuppressionReason.HARD_BOUNCE, now)


def _spam_report(session: Session, event: ProviderEvent, reader: Reader, now: datetime) -> None:
    _suppress(session, event, reader, SuppressionReason.SPAM_REPORT, now)
    _leave(session, reader, now, SPAM_REPORT)


def _unsubscribe(session: Session, _event: ProviderEvent, reader: Reader, now: datetime) -> None:
    _leave(session, reader, now, UNSUBSCRIBED)


def _suppress(session: Session, event: ProviderEvent, reader: Reader, reason: SuppressionReason, now: datetime) -> None:
    """An address that is no longer this person's is left alone: nobody writes to it, and nobody asked to keep it."""
    reported = key_of(event.email)
    if reader.email_key is not None and reported in {None, reader.email_key}:
        suppress(session, reader.email_key, ALL_LISTS, reason, now, event.reason)


def _leave(session: Session, reader: Reader, now: datetime, reason: str) -> None:
    for subscription_id in _subscriptions(session, reader):
        leave(session, subscription_id, now, HOW, ACTOR, reason=reason)
        hits.forget(session, subscription_id)


def _subscriptions(session: Session, reader: Reader) -> list[int]:
    if reader.subscription_id is not None:
        return [reader.subscription_id]
    query = select(col(Subscription.id)).where(
        col(Subscription.subscriber_id) == reader.subscriber_id, col(Subscription.state) != SubscriptionState.ENDED
    )
    return [number for number in session.scalars(query.order_by(col(Subscription.id))) if number is not None]


_EFFECTS: dict[EventKind, Callable[[Session, ProviderEvent, Reader, datetime], None]] = {
    EventKind.BOUNCE: _bounce,
    EventKind.SPAM_REPORT: _spam_report,
    EventKind.UNSUBSCRIBE: _unsubscribe,
}
