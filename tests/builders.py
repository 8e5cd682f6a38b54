"""Lists and readers for any test, built by the product's own functions.

Alice takes everything, Bob one category of one section, Carol has not confirmed, Dave is suppressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, select

from newsletter.db import Database
from subscribers import subscriptions, suppression
from subscribers.addresses import normalise
from subscribers.audience import ALL_LISTS
from subscribers.consent import READER, Act
from subscribers.importer import Imported, Options, import_file
from subscribers.models import (
    Cadence,
    ListKind,
    MailingList,
    Subscriber,
    Subscription,
    SuppressionReason,
    Tracking,
)
from subscribers.preferences import Preferences
from subscribers.selections import WhenEmpty, Wishes
from subscribers.store import add_digest_choices, create_list, find_list
from subscribers.subscriptions import Proof

LONG_AGO = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
"""When these readers signed up."""
TODAY = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
"""When files are imported, unless a test says otherwise."""


def a_list(
    session: Session,
    *,
    slug: str = "digest",
    kind: ListKind = ListKind.INFORMATION,
    now: datetime = LONG_AGO,
    time_zone: str = "Asia/Seoul",
    is_public: bool = True,
) -> MailingList:
    """A list with the sections and categories of a technology digest."""
    mailing_list = create_list(
        session,
        slug,
        "동향 소식",
        "Trend digest",
        kind,
        now,
        time_zone=time_zone,
        is_public=is_public,
        from_name="Trend digest",
        from_email="digest@example.com",
        postal_address="1 Example Street, Seoul",
        phone="+82 2 000 0000",
    )
    assert mailing_list.id is not None
    add_digest_choices(session, mailing_list.id)
    return mailing_list


def a_reader(
    session: Session,
    mailing_list: MailingList,
    *,
    email: str,
    sections: str = "*",
    categories: str = "*",
    when_empty: WhenEmpty = WhenEmpty.NOTHING,
    name: str = "",
    language: str = "ko",
    time_zone: str | None = None,
    send_hour: int | None = None,
    cadence: Cadence = Cadence.EACH,
    tracking: Tracking = Tracking.AGGREGATE,
    is_confirmed: bool = True,
    now: datetime = LONG_AGO,
) -> Subscription:
    """A person on the list; `sections` and `categories` as in the CSV: `a|b`, `*` for all, empty for none."""
    return subscriptions.subscribe(
        session,
        mailing_list,
        normalise(email),
        Wishes.from_fields(sections, categories, when_empty),
        Preferences(name, language, time_zone, send_hour, cadence, tracking),
        Proof(Act(now, "form", READER), is_confirmed),
        now=now,
    )


@dataclass(frozen=True, slots=True)
class People:
    """The four that every test knows."""

    alice: Subscription
    bob: Subscription
    carol: Subscription
    dave: Subscription


def the_four(session: Session, mailing_list: MailingList, *, now: datetime = LONG_AGO) -> People:
    """Alice (all), Bob (policy, and AI only), Carol (pending), Dave (suppressed after a hard bounce)."""
    people = People(
        alice=a_reader(session, mailing_list, email="alice@example.com", name="Alice", language="en", now=now),
        bob=a_reader(
            session, mailing_list, email="bob@example.org", name="Bob", sections="policy", categories="AI", now=now
        ),
        carol=a_reader(session, mailing_list, email="carol@example.net", name="Carol", is_confirmed=False, now=now),
        dave=a_reader(session, mailing_list, email="dave@example.com", name="Dave", now=now),
    )
    suppression.suppress(session, "dave@example.com", ALL_LISTS, SuppressionReason.HARD_BOUNCE, now, "550 5.1.1")
    return people


@dataclass(frozen=True, slots=True)
class Importing:
    """Imports text or bytes into the list `digest`, and looks at what is stored."""

    database: Database
    folder: Path

    def __call__(self, content: str | bytes, options: Options | None = None, now: datetime = TODAY) -> Imported:
        """Import as `readers.csv`."""
        path = self.folder / "readers.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_file(self.database, "digest", path, now, options)

    def stored(self) -> dict[str, Subscription]:
        """Every subscription by address."""
        with self.database.read() as session:
            found = session.exec(
                select(Subscriber.email_key, Subscription).where(Subscriber.id == Subscription.subscriber_id)
            )
            return {key: subscription for key, subscription in found if key is not None}

    def mailing_list(self, session: Session) -> MailingList:
        """The list that is imported into."""
        return find_list(session, "digest")
