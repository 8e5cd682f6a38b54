"""Whom an event is about: found by our ids in bulk, or by address where a provider left them out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from newsletter.delivery.models import Delivery
from subscribers.addresses import normalise
from subscribers.errors import InvalidAddress
from subscribers.models import Subscriber, Subscription, SubscriptionState, Tracking

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Reader:
    """One person, as far as an effect needs to know. `email_key` is None for an erased one."""

    subscriber_id: int
    email_key: str | None
    subscription_id: int | None = None
    tracking: Tracking | None = None
    state: SubscriptionState | None = None

    @property
    def is_measured(self) -> bool:
        """Whether this person, right now, agrees to be followed. Unclear is no, and who left has withdrawn it too."""
        return self.tracking is Tracking.INDIVIDUAL and self.state is not SubscriptionState.ENDED


def by_delivery(
    session: Session, deliveries: Collection[tuple[int, int]], *, locked: bool = False
) -> dict[tuple[int, int], Reader]:
    """The reader of each delivery that exists. `locked` makes two appliers of one delivery's events take turns."""
    found: dict[tuple[int, int], Reader] = {}
    for campaign_id in sorted({campaign_id for campaign_id, _ in deliveries}):
        positions = sorted(position for campaign, position in deliveries if campaign == campaign_id)
        for chunk in _chunks(positions):
            query = _of_campaign(campaign_id, chunk)
            rows = session.execute(query.with_for_update(of=Delivery) if locked else query)
            for position, subscriber_id, *rest in rows:
                found[campaign_id, position] = Reader(subscriber_id, *rest)
    return found


def by_address(session: Session, emails: Iterable[str]) -> dict[str, Reader]:
    """The person behind each address, keyed by the address as it was given."""
    keys = {email: key for email in emails if (key := key_of(email)) is not None}
    found: dict[str, Reader] = {}
    for chunk in _chunks(sorted(set(keys.values()))):
        query = select(col(Subscriber.id), col(Subscriber.email_key)).where(col(Subscriber.email_key).in_(chunk))
        found.update({key: Reader(number, key) for number, key in session.execute(query) if number is not None})
    return {email: found[key] for email, key in keys.items() if key in found}


def key_of(email: str | None) -> str | None:
    """The address in the form that is compared, or None where it is none."""
    try:
        return normalise(email).key if email else None
    except InvalidAddress:
        return None


def _of_campaign(campaign_id: int, positions: list[Any]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(Delivery.position),
            col(Delivery.subscriber_id),
            col(Subscriber.email_key),
            col(Delivery.subscription_id),
            col(Subscription.tracking),
            col(Subscription.state),
        )
        .join(Subscription, col(Subscription.id) == col(Delivery.subscription_id))
        .join(Subscriber, col(Subscriber.id) == col(Delivery.subscriber_id))
        .where(col(Delivery.campaign_id) == campaign_id, col(Delivery.position).in_(positions))
        .order_by(col(Delivery.position))
    )


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    source = iter(items)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk
