"""One person on one list: joining, confirming, changing, pausing, leaving.

pending --confirm--> active --leave--> ended;  pending --leave--> ended;  ended --reader's own act--> pending or active

Only a reader's own hand leads out of *ended* (promise I6): an import, an administrator or a provider never revives
anyone. Each change of consent writes its record in the same transaction (I7). The transaction is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select, update

from subscribers import consent, suppression
from subscribers.addresses import Address
from subscribers.audience import ALL_LISTS
from subscribers.changes import Change, apply, change, get, locked, of_address, preferences_of, resume
from subscribers.consent import NO_EVIDENCE, READER, Act, Evidence, Purpose
from subscribers.models import (
    ConsentAction,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
    Tracking,
)
from subscribers.preferences import Preferences
from subscribers.selections import Wishes
from subscribers.store import intern
from subscribers.upsert import insert_missing

__all__ = [
    "UNSUBSCRIBED",
    "Change",
    "Proof",
    "change",
    "confirm",
    "get",
    "leave",
    "leave_all",
    "of_address",
    "preferences_of",
    "rejoin",
    "resume",
    "subscribe",
]

UNSUBSCRIBED = "unsubscribed"
"""`ended_reason` of a reader's own leaving; others are `spam-report`, `hard-bounce`, `undone-import`, `erased`."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What stands behind a sign-up. `is_confirmed`: the mailbox itself answered, or evidence as good is on file."""

    act: Act
    is_confirmed: bool = False
    purposes: tuple[Purpose, ...] = (Purpose.NEWSLETTER,)


def subscribe(  # noqa: PLR0913 -- a subscription is made of these
    session: Session,
    mailing_list: MailingList,
    address: Address,
    wishes: Wishes,
    preferences: Preferences,
    proof: Proof,
    *,
    now: datetime,
) -> Subscription:
    """Put a person on a list: active where the proof is good, else pending until they confirm.

    Somebody who knows only the address changes nothing of an active subscription (S-57). One that ended comes back
    only by the reader's own act, and as pending unless that act proves the mailbox. Suppression stays as it is, but
    for a reader's proved act, which takes back their own *unsubscribed from all*.
    """
    subscriber_id = _subscriber_id(session, address, now)
    found = _find(session, mailing_list, subscriber_id)
    if found is None:
        found = _insert(session, mailing_list, subscriber_id, wishes, now)
    elif not _may_join_again(found, proof):
        return found
    else:
        found.changed_at = now
    apply(session, found, preferences, wishes)
    if found.state is SubscriptionState.ENDED:
        found.state = SubscriptionState.PENDING
        found.ended_at = found.ended_reason = found.confirmed_at = None
    session.flush()
    purposes = {*proof.purposes, *([Purpose.TRACKING] if preferences.tracking is Tracking.INDIVIDUAL else [])}
    _record(session, found, sorted(purposes), ConsentAction.GIVEN, proof.act)
    if proof.is_confirmed:
        _activate(session, found, proof.act.actor, now)
    return found


def confirm(
    session: Session,
    subscription_id: int,
    now: datetime,
    how: str = "confirmation",
    evidence: Evidence = NO_EVIDENCE,
) -> bool:
    """The reader's yes from their own mailbox. True where this call confirmed; again, or after leaving, False."""
    subscription = locked(session, subscription_id)
    if subscription.state is not SubscriptionState.PENDING:
        return False
    subscription.changed_at = now
    _activate(session, subscription, READER, now)
    given = consent.given_purposes(session, subscription.subscriber_id, subscription.list_id)
    _record(
        session,
        subscription,
        sorted({Purpose.NEWSLETTER, *given}),
        ConsentAction.GIVEN,
        Act(now, how, READER, evidence),
    )
    return True


def leave(  # noqa: PLR0913 -- the act of leaving, and what proves it
    session: Session,
    subscription_id: int,
    now: datetime,
    how: str,
    actor: str = READER,
    *,
    evidence: Evidence = NO_EVIDENCE,
    reason: str = UNSUBSCRIBED,
) -> bool:
    """End a subscription, at once. True where this call ended it; repeated, it changes and records nothing."""
    ended = session.exec(
        update(Subscription)
        .where(col(Subscription.id) == subscription_id, col(Subscription.state) != SubscriptionState.ENDED)
        .values(state=SubscriptionState.ENDED, ended_at=now, ended_reason=reason, changed_at=now)
    )
    subscription = locked(session, subscription_id)
    if ended.rowcount == 0:
        return False
    given = consent.given_purposes(session, subscription.subscriber_id, subscription.list_id)
    purposes = sorted({Purpose.NEWSLETTER, *given})
    _record(session, subscription, purposes, ConsentAction.WITHDRAWN, Act(now, how, actor, evidence))
    return True


def leave_all(
    session: Session,
    subscriber_id: int,
    now: datetime,
    how: str,
    actor: str = READER,
    evidence: Evidence = NO_EVIDENCE,
) -> int:
    """Leave every list and be written to by none, also by lists that come later. Returns how many were ended."""
    found = session.exec(select(Subscription.id).where(Subscription.subscriber_id == subscriber_id)).all()
    count = sum(leave(session, _id(each), now, how, actor, evidence=evidence) for each in found)
    subscriber = session.get(Subscriber, subscriber_id)
    if subscriber is not None and subscriber.email_key is not None:
        reason = SuppressionReason.UNSUBSCRIBED_ALL
        if suppression.suppress(session, subscriber.email_key, ALL_LISTS, reason, now, how):
            act = Act(now, how, actor, evidence)
            consent.record(session, subscriber_id, None, Purpose.NEWSLETTER, ConsentAction.WITHDRAWN, act)
    return count


def rejoin(
    session: Session, subscription_id: int, now: datetime, how: str = "undo", evidence: Evidence = NO_EVIDENCE
) -> bool:
    """A reader takes their own leaving back, and with it what that leaving withdrew. True where this call did it.

    Not for who was ended for another reason, nor for who had never confirmed.
    """
    subscription = locked(session, subscription_id)
    if subscription.ended_reason != UNSUBSCRIBED or subscription.confirmed_at is None:
        return False
    withdrawn = {
        entry.purpose
        for entry in consent.history(session, subscription.subscriber_id)
        if entry.list_id == subscription.list_id
        and entry.action is ConsentAction.WITHDRAWN
        and entry.at == subscription.ended_at
    }
    subscription.ended_at = subscription.ended_reason = None
    subscription.changed_at = now
    _activate(session, subscription, READER, now)
    _record(session, subscription, sorted(withdrawn), ConsentAction.GIVEN, Act(now, how, READER, evidence))
    return True


def _may_join_again(found: Subscription, proof: Proof) -> bool:
    if found.state is SubscriptionState.ENDED:
        return proof.act.actor == READER
    return found.state is SubscriptionState.PENDING or proof.is_confirmed


def _activate(session: Session, subscription: Subscription, actor: str, now: datetime) -> None:
    subscription.state = SubscriptionState.ACTIVE
    subscription.confirmed_at = now
    session.add(subscription)
    session.flush()
    if actor == READER:
        _take_back_leaving_all(session, subscription.subscriber_id)


def _take_back_leaving_all(session: Session, subscriber_id: int) -> None:
    """A new yes beats the person's own earlier *none at all*; complaints and bounces stand."""
    subscriber = session.get(Subscriber, subscriber_id)
    if subscriber is None or subscriber.email_key is None:
        return
    found = suppression.find(session, subscriber.email_key)
    if found is not None and found.reason is SuppressionReason.UNSUBSCRIBED_ALL:
        suppression.lift(session, subscriber.email_key, ALL_LISTS, READER)


def _subscriber_id(session: Session, address: Address, now: datetime) -> int:
    row = {"email": address.email, "email_key": address.key, "link_generation": 0, "created_at": now}
    insert_missing(session, Subscriber, [row])
    return _id(session.exec(select(Subscriber.id).where(Subscriber.email_key == address.key)).one())


def _insert(
    session: Session, mailing_list: MailingList, subscriber_id: int, wishes: Wishes, now: datetime
) -> Subscription:
    """A pending row; if another writer was first, theirs."""
    row = {
        "list_id": mailing_list.id,
        "subscriber_id": subscriber_id,
        "selection_id": intern(session, _id(mailing_list.id), wishes),
        "state": SubscriptionState.PENDING,
        "created_at": now,
    }
    insert_missing(session, Subscription, [row])
    found = _find(session, mailing_list, subscriber_id)
    assert found is not None
    return found


def _find(session: Session, mailing_list: MailingList, subscriber_id: int) -> Subscription | None:
    return session.exec(
        select(Subscription)
        .where(Subscription.list_id == mailing_list.id, Subscription.subscriber_id == subscriber_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _record(session: Session, subscription: Subscription, purposes: list[str], action: ConsentAction, act: Act) -> None:
    for purpose in purposes:
        consent.record(session, subscription.subscriber_id, subscription.list_id, Purpose(purpose), action, act)


def _id(value: int | None) -> int:
    assert value is not None
    return value
