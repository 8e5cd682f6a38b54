"""A list to work with, and an importer that takes the text of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from newsletter.db import Database
from subscribers.importer import Imported, Options, import_file
from subscribers.models import MailingList, Subscriber, Subscription
from tests.builders import a_list

NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The moment of every test here."""
    return NOW


@pytest.fixture
def mailing_list(database: Database) -> MailingList:
    """A digest list, committed."""
    with database.write() as session:
        return a_list(session)


@pytest.fixture
def list_id(mailing_list: MailingList) -> int:
    """The key of that list."""
    assert mailing_list.id is not None
    return mailing_list.id


@dataclass(frozen=True, slots=True)
class Importing:
    """Imports text or bytes into the list, and looks at what is stored."""

    database: Database
    folder: Path

    def __call__(self, content: str | bytes, options: Options | None = None, now: datetime = NOW) -> Imported:
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


@pytest.fixture
def importing(database: Database, mailing_list: MailingList, tmp_path: Path) -> Importing:
    """An importer into the digest list."""
    return Importing(database, tmp_path)
