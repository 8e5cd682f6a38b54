"""A list as the CSV that `importer` reads, plus `status`: taken out and put into an empty list, it is the same list.

Streamed in constant memory. No cell can start a formula in a spreadsheet (S-39).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from typing import TextIO

from sqlmodel import Session, col, func, select

from subscribers import bulk
from subscribers.consent import Purpose
from subscribers.csvfile import guarded
from subscribers.models import (
    ConsentAction,
    ConsentRecord,
    MailingList,
    Selection,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from subscribers.rows import COLUMNS, STATUS, Status
from subscribers.store import wishes_of

_PAGE = 2_000
_STATUS = {
    SubscriptionState.ACTIVE: Status.ACTIVE,
    SubscriptionState.PENDING: Status.PENDING,
    SubscriptionState.ENDED: Status.ENDED,
}


def export_csv(
    session: Session,
    mailing_list: MailingList,
    out: TextIO,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write every reader of a list, whatever their status; returns how many.

    Erased people have no address and are left out. `progress` is told rows done and rows in all.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, STATUS])
    done, total = 0, _count(session, mailing_list)
    for page in _pages(session, mailing_list):
        writer.writerows(page)
        done += len(page)
        progress(done, total)
    return done


def _pages(session: Session, mailing_list: MailingList) -> Iterator[list[list[str]]]:
    after = 0
    while found := _page(session, mailing_list, after):
        emails = [subscriber.email_key for _, subscriber, _ in found if subscriber.email_key]
        silent = bulk.suppressed(session, mailing_list.slug, emails, emails, ())
        agreed = _agreed(session, mailing_list, [subscription.subscriber_id for subscription, _, _ in found])
        yield [
            _row(
                subscription,
                subscriber,
                selection,
                agreed.get(subscription.subscriber_id),
                is_silent=subscriber.email_key in silent,
            )
            for subscription, subscriber, selection in found
        ]
        after = found[-1][0].id or 0


def _count(session: Session, mailing_list: MailingList) -> int:
    """All subscriptions, the few of erased people among them."""
    return session.exec(
        select(func.count()).select_from(Subscription).where(Subscription.list_id == mailing_list.id)
    ).one()


def _page(
    session: Session, mailing_list: MailingList, after: int
) -> Sequence[tuple[Subscription, Subscriber, Selection]]:
    return session.exec(
        select(Subscription, Subscriber, Selection)
        .join(Subscriber, col(Subscriber.id) == col(Subscription.subscriber_id))
        .join(Selection, col(Selection.id) == col(Subscription.selection_id))
        .where(
            Subscription.list_id == mailing_list.id,
            col(Subscription.id) > after,
            col(Subscriber.email).is_not(None),
        )
        .order_by(col(Subscription.id))
        .limit(_PAGE)
    ).all()


def _agreed(session: Session, mailing_list: MailingList, whose: Sequence[int]) -> dict[int, ConsentRecord]:
    """Each person's newest yes to this list."""
    newest = (
        select(func.max(ConsentRecord.id))
        .where(
            col(ConsentRecord.subscriber_id).in_(whose),
            ConsentRecord.list_id == mailing_list.id,
            ConsentRecord.purpose == Purpose.NEWSLETTER,
            ConsentRecord.action == ConsentAction.GIVEN,
        )
        .group_by(col(ConsentRecord.subscriber_id))
    )
    found = session.exec(select(ConsentRecord).where(col(ConsentRecord.id).in_(newest)))
    return {record.subscriber_id: record for record in found}


def _row(
    subscription: Subscription,
    subscriber: Subscriber,
    selection: Selection,
    agreed: ConsentRecord | None,
    *,
    is_silent: bool,
) -> list[str]:
    sections, categories = wishes_of(selection).to_fields()
    status = Status.SUPPRESSED if is_silent else _STATUS[subscription.state]
    return [
        guarded(cell)
        for cell in (
            subscriber.email or "",
            subscription.name,
            subscription.language,
            subscription.time_zone or "",
            "" if subscription.send_hour is None else str(subscription.send_hour),
            subscription.cadence.value,
            sections,
            categories,
            subscription.tracking.value,
            agreed.at.astimezone(UTC).isoformat() if agreed else "",
            agreed.how.removeprefix(bulk.IMPORT) if agreed else "",
            status.value,
        )
    ]
