"""Who may get a campaign, as SQL that the freeze and the gate share, so that they can't disagree.

Both are pure expressions: the caller runs them inside its own transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, exists, func, literal, null, select
from sqlmodel import col

from subscribers.models import Cadence, MailingList, Subscriber, Subscription, SubscriptionState, Suppression

ALL_LISTS = "*"
"""The scope of a suppression that holds for every list."""


def withheld(slug: str, now: datetime) -> ColumnElement[str | None]:
    """Why a (subscription, subscriber) must get nothing right now, or NULL. Both tables must be in the FROM."""
    suppressed = exists().where(
        col(Suppression.email_key) == col(Subscriber.email_key), col(Suppression.scope).in_([ALL_LISTS, slug])
    )
    return case(
        (col(Subscriber.email).is_(None), literal("erased")),
        (col(Subscription.state) == SubscriptionState.ENDED, literal("unsubscribed")),
        (col(Subscription.state) == SubscriptionState.PENDING, literal("unconfirmed")),
        (suppressed, literal("suppressed")),
        (col(Subscription.paused_until) > now, literal("paused")),
        else_=null().cast(String),
    )


def candidates(mailing_list: MailingList, cadences: Collection[Cadence], now: datetime) -> Select[*tuple[Any, ...]]:
    """Every subscription of a list that has not ended, with the reason why it gets nothing, or NULL.

    Columns: subscription_id, subscriber_id, selection_id, language, tracking, time_zone, send_hour (-1: none), reason.
    """
    reason = func.coalesce(
        withheld(mailing_list.slug, now),
        case((col(Subscription.cadence).not_in(list(cadences)), literal("cadence")), else_=null().cast(String)),
    )
    return (
        select(
            col(Subscription.id).label("subscription_id"),
            col(Subscription.subscriber_id),
            col(Subscription.selection_id),
            col(Subscription.language),
            col(Subscription.tracking),
            func.coalesce(col(Subscription.time_zone), mailing_list.time_zone).label("time_zone"),
            func.coalesce(col(Subscription.send_hour), -1).label("send_hour"),
            reason.label("reason"),
        )
        .join(Subscriber, col(Subscriber.id) == col(Subscription.subscriber_id))
        .where(
            col(Subscription.list_id) == mailing_list.id,
            col(Subscription.state) != SubscriptionState.ENDED,
        )
    )
