"""The few statements that an import runs per chunk, for all its rows at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from subscribers.audience import ALL_LISTS
from subscribers.consent import Purpose
from subscribers.fates import Known, Verdict
from subscribers.models import (
    ConsentAction,
    ConsentRecord,
    Selection,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    Tracking,
)
from subscribers.preferences import Preferences
from subscribers.rows import Row
from subscribers.selections import Wishes
from subscribers.store import intern_many, wishes_of
from subscribers.subscriptions import preferences_of
from subscribers.suppression import TOMBSTONE, tombstones
from subscribers.upsert import insert_missing

IMPORT = "import: "
"""Begins `how` of a consent record that came with a file; the source follows."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A row with its verdict and what is known of the person's subscription to this list."""

    row: Row
    verdict: Verdict
    known: Known | None


@dataclass(frozen=True, slots=True)
class People:
    """Whose addresses these are, and what they have on this list."""

    subscribers: Mapping[str, int]
    subscriptions: Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Run:
    """The import that writes."""

    import_id: int
    list_id: int
    now: datetime


def people(session: Session, list_id: int, keys: Collection[str]) -> People:
    """What is known of these addresses, held against other writers until the transaction ends."""
    found = session.exec(select(Subscriber.email_key, Subscriber.id).where(col(Subscriber.email_key).in_(keys))).all()
    whose = {subscriber_id: key for key, subscriber_id in found if key is not None and subscriber_id is not None}
    theirs = session.exec(
        select(Subscription)
        .where(Subscription.list_id == list_id, col(Subscription.subscriber_id).in_(whose))
        .order_by(col(Subscription.id))
        .with_for_update()
    ).all()
    withdrawn = _withdrawn(session, list_id, [each.subscriber_id for each in theirs])
    wishes = _wishes(session, {each.selection_id for each in theirs})
    known = {
        whose[each.subscriber_id]: _known(each, wishes[each.selection_id], each.subscriber_id in withdrawn)
        for each in theirs
    }
    return People({key: subscriber_id for subscriber_id, key in whose.items()}, known)


def suppressed(
    session: Session, slug: str, keys: Collection[str], known: Collection[str], secrets: Sequence[bytes]
) -> set[str]:
    """Of these addresses, those that get nothing from this list. An erased one counts until the person came back."""
    asked = {key: key for key in keys}
    if _anyone_erased(session):
        asked |= {hashed: key for key in keys if key not in known for hashed in tombstones(key, secrets)}
    found = session.exec(
        select(Suppression.email_key).where(
            col(Suppression.email_key).in_(asked), col(Suppression.scope).in_([ALL_LISTS, slug])
        )
    )
    return {asked[key] for key in found}


def write(session: Session, run: Run, rulings: Sequence[Ruling]) -> None:
    """Write what was ruled: subscribers, selections, subscriptions, changes, consent records."""
    subscribers = _subscriber_ids(session, [ruling.row for ruling in rulings], run.now)
    selections = intern_many(session, run.list_id, {_wishes_of(ruling) for ruling in rulings})
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    revived: list[dict[str, Any]] = []
    for ruling in rulings:
        values = _values(ruling, selections)
        if ruling.known is None:
            added.append(values | _birth(run, subscribers[ruling.row.address.key]))
        elif ruling.known.state is SubscriptionState.ENDED:
            revived.append(values | _rebirth(run, ruling.known))
        else:
            changed.append(values | {"id": ruling.known.subscription_id, "changed_at": run.now})
    insert_missing(session, Subscription, added)
    for rows in filter(None, (changed, revived)):
        session.execute(update(Subscription), rows)
    records = [record for ruling in rulings for record in _records(run, ruling, subscribers)]
    insert_missing(session, ConsentRecord, records)


def _known(subscription: Subscription, wishes: Wishes, has_withdrawn: bool) -> Known:
    assert subscription.id is not None
    return Known(
        subscription.id,
        subscription.state,
        subscription.ended_reason,
        has_withdrawn,
        preferences_of(subscription),
        wishes,
        subscription.confirmed_at,
    )


def _wishes(session: Session, selection_ids: Collection[int]) -> dict[int, Wishes]:
    found = session.exec(select(Selection).where(col(Selection.id).in_(selection_ids)))
    return {selection.id: wishes_of(selection) for selection in found if selection.id is not None}


def _withdrawn(session: Session, list_id: int, subscriber_ids: Collection[int]) -> set[int]:
    return set(
        session.exec(
            select(ConsentRecord.subscriber_id).where(
                col(ConsentRecord.subscriber_id).in_(subscriber_ids),
                ConsentRecord.list_id == list_id,
                ConsentRecord.purpose == Purpose.NEWSLETTER,
                ConsentRecord.action == ConsentAction.WITHDRAWN,
            )
        )
    )


def _anyone_erased(session: Session) -> bool:
    query = select(Suppression.id).where(col(Suppression.email_key).startswith(TOMBSTONE)).limit(1)
    return session.exec(query).first() is not None


def _subscriber_ids(session: Session, rows: Iterable[Row], now: datetime) -> dict[str, int]:
    """The ids of these rows' people, made where they are new; in the order of keys, which every import shares."""
    addresses = sorted({row.address for row in rows}, key=lambda address: address.key)
    insert_missing(
        session,
        Subscriber,
        [
            {"email": address.email, "email_key": address.key, "link_generation": 0, "created_at": now}
            for address in addresses
        ],
    )
    found = session.exec(
        select(Subscriber.email_key, Subscriber.id).where(
            col(Subscriber.email_key).in_([address.key for address in addresses])
        )
    )
    return {key: subscriber_id for key, subscriber_id in found if key is not None and subscriber_id is not None}


def _wishes_of(ruling: Ruling) -> Wishes:
    assert ruling.verdict.wishes is not None
    return ruling.verdict.wishes


def _values(ruling: Ruling, selections: Mapping[Wishes, int]) -> dict[str, Any]:
    verdict, preferences = ruling.verdict, ruling.verdict.preferences
    assert preferences is not None
    since = ruling.known.confirmed_at if ruling.known else None
    return {name: getattr(preferences, name) for name in Preferences.__slots__} | {
        "selection_id": selections[_wishes_of(ruling)],
        "state": verdict.state,
        "confirmed_at": since
        if verdict.agreed is None or verdict.state is SubscriptionState.PENDING
        else verdict.agreed.at,
    }


def _birth(run: Run, subscriber_id: int) -> dict[str, Any]:
    return {
        "list_id": run.list_id,
        "subscriber_id": subscriber_id,
        "created_at": run.now,
        "import_id": run.import_id,
    }


def _rebirth(run: Run, known: Known) -> dict[str, Any]:
    """Of a subscription that an undone import had left behind."""
    return {
        "id": known.subscription_id,
        "import_id": run.import_id,
        "changed_at": None,
        "ended_at": None,
        "ended_reason": None,
    }


def _records(run: Run, ruling: Ruling, subscribers: Mapping[str, int]) -> Iterable[dict[str, Any]]:
    agreed, preferences = ruling.verdict.agreed, ruling.verdict.preferences
    if agreed is None:
        return
    purposes = [Purpose.NEWSLETTER]
    if preferences is not None and preferences.tracking is Tracking.INDIVIDUAL and ruling.known is None:
        purposes.append(Purpose.TRACKING)
    offset = agreed.at.utcoffset()
    for purpose in purposes:
        yield {
            "subscriber_id": subscribers[ruling.row.address.key],
            "list_id": run.list_id,
            "purpose": purpose,
            "action": ConsentAction.GIVEN,
            "at": agreed.at,
            "utc_offset_minutes": int(offset.total_seconds() // 60) if offset is not None else 0,
            "how": (IMPORT + agreed.source)[:200],
            "actor": f"import:{run.import_id}",
        }
