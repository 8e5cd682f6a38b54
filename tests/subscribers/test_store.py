from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from sqlmodel import func, select

from newsletter.db import Database
from subscribers.errors import InvalidWish, UnknownList
from subscribers.models import ListKind, MailingList, Selection, Tracking
from subscribers.selections import EVERYTHING, WhenEmpty, Wishes
from subscribers.store import all_lists, create_list, find_list, intern, intern_many, wishes_of


def test_a_list_is_found_by_its_name_with_all_its_settings(database: Database, now: datetime) -> None:
    with database.write() as session:
        create_list(
            session,
            "weekly",
            "주간",
            "Weekly",
            ListKind.ADVERTISING,
            now,
            language="en",
            tracking_default=Tracking.NONE,
        )
    with database.read() as session:
        found = find_list(session, "weekly")
        assert [each.slug for each in all_lists(session)] == ["weekly"]
    assert (found.kind, found.language, found.tracking_default) == (ListKind.ADVERTISING, "en", Tracking.NONE)
    assert found.time_zone == "Asia/Seoul"


def test_an_unknown_list_is_answered_with_those_there_are(database: Database, mailing_list: MailingList) -> None:
    with database.read() as session, pytest.raises(UnknownList, match=r"'dijest'.*digest"):
        find_list(session, "dijest")


@pytest.mark.parametrize("slug", ["", "Digest", "my digest", "다이제스트", "a" * 65, "a/b", "*", "-"])
def test_a_list_has_a_name_that_an_address_can_carry(database: Database, now: datetime, slug: str) -> None:
    with database.write() as session, pytest.raises(InvalidWish):
        create_list(session, slug, "이름", "Name", ListKind.INFORMATION, now)


def test_equal_picks_are_one_row(database: Database, list_id: int) -> None:
    with database.write() as session:
        first = intern(session, list_id, Wishes(("policy", "clipping"), ("AI",)))
    with database.write() as session:
        again = intern(session, list_id, Wishes(("clipping", "policy", "policy"), ("AI",)))
        other = intern(session, list_id, Wishes(("clipping", "policy"), ("AI",), when_empty=WhenEmpty.FOCUS))
        assert session.exec(select(func.count()).select_from(Selection)).one() == 2
    assert first == again != other


def test_many_picks_are_interned_at_once(database: Database, list_id: int) -> None:
    wanted = [Wishes((f"s{number % 700}",), ()) for number in range(1_400)] + [EVERYTHING]
    with database.write() as session:
        some = intern_many(session, list_id, wanted[:10])
        ids = intern_many(session, list_id, wanted)
        stored = {wishes_of(row): row.id for row in session.exec(select(Selection))}
    assert len(ids) == 701
    assert ids == stored
    assert some.items() <= ids.items()
    with database.write() as session:
        assert intern_many(session, list_id, []) == {}


def test_writers_at_the_same_moment_get_the_same_row(database: Database, list_id: int) -> None:
    """PostgreSQL runs them side by side, SQLite one after the other; neither may fail or make a second row."""
    wanted = [Wishes((f"s{number}",), ()) for number in range(40)]
    start = Barrier(6)

    def write(offset: int) -> dict[Wishes, int]:
        start.wait()
        with database.write() as session:
            return intern_many(session, list_id, wanted[offset:] + wanted[:offset])

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(write, range(0, 36, 6)))
    assert all(result == results[0] for result in results)
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(Selection)).one() == 40
