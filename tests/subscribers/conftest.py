"""A list to work with, and an importer that takes the text of a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.db import Database
from subscribers.models import MailingList
from tests.builders import Importing, a_list

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


@pytest.fixture
def importing(database: Database, mailing_list: MailingList, tmp_path: Path) -> Importing:
    """An importer into the digest list."""
    return Importing(database, tmp_path)
