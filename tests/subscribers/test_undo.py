from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, func, select

from newsletter.db import Database
from subscribers.errors import UndoRefused
from subscribers.fates import UNDONE, Fate
from subscribers.importer import Imported, import_file
from subscribers.models import ConsentRecord, Subscriber, Subscription, SubscriptionState
from subscribers.subscriptions import Change, change, confirm, leave
from subscribers.undo import Undone, undo
from tests.builders import TODAY, Importing, a_list, a_reader

SOON = TODAY + timedelta(hours=23, minutes=59)
FILE = "email,name,consent_at,consent_source\n" + "".join(
    f"reader{number}@example.com,Reader,2026-03-01,form\n" for number in range(6)
)


def _count(session: Session) -> tuple[int, int, int]:
    people = session.exec(select(func.count()).select_from(Subscriber)).one()
    subscriptions = session.exec(select(func.count()).select_from(Subscription)).one()
    return people, subscriptions, session.exec(select(func.count()).select_from(ConsentRecord)).one()


def _undo(database: Database, report: Imported) -> Undone:
    assert report.import_id is not None
    with database.write() as session:
        return undo(session, report.import_id, SOON)


def test_an_import_is_taken_back_without_a_trace(importing: Importing, database: Database) -> None:
    with database.write() as session:
        a_reader(session, importing.mailing_list(session), email="alice@example.com")
        before = _count(session)
    report = importing(FILE)
    assert _undo(database, report) == Undone(removed=6, ended=0, kept=0)
    with database.read() as session:
        assert _count(session) == before
    assert importing(FILE).counts[Fate.NEW] == 6, "a corrected file may come at once"


def test_whatever_was_changed_since_stays(importing: Importing, database: Database) -> None:
    report = importing(FILE + "carol@example.net,Carol,,\n")
    stored = {key: row.id or 0 for key, row in importing.stored().items()}
    with database.write() as session:
        change(session, stored["reader0@example.com"], Change(name="Changed"), SOON)
        leave(session, stored["reader1@example.com"], SOON, "one-click")
        confirm(session, stored["carol@example.net"], SOON)
    importing("email,name\nreader2@example.com,Changed by a file\n")
    assert _undo(database, report) == Undone(removed=3, ended=0, kept=4)
    assert set(importing.stored()) == {
        "reader0@example.com",
        "reader1@example.com",
        "reader2@example.com",
        "carol@example.net",
    }
    assert importing.stored()["reader1@example.com"].state is SubscriptionState.ENDED


def test_who_was_there_before_stays(importing: Importing, database: Database) -> None:
    with database.write() as session:
        mailing_list = importing.mailing_list(session)
        a_reader(session, mailing_list, email="reader0@example.com", now=TODAY)
        a_reader(session, a_list(session, slug="weekly"), email="reader1@example.com", now=TODAY)
    report = importing(FILE)
    assert report.counts[Fate.NEW] == 5
    assert _undo(database, report).removed == 5
    with database.read() as session:
        keys = set(session.exec(select(Subscriber.email_key)))
    assert keys == {"reader0@example.com", "reader1@example.com"}


def test_what_is_in_use_is_ended_and_may_come_again(importing: Importing, database: Database) -> None:
    """A row of another table points at a subscription, as a delivery does; deleting it would tear that record."""
    report = importing(FILE)
    used = importing.stored()["reader3@example.com"]
    with database.write() as session:
        session.execute(
            text("CREATE TABLE copy (id BIGINT PRIMARY KEY, subscription_id BIGINT REFERENCES subscription (id))")
        )
        session.execute(text("INSERT INTO copy VALUES (1, :used)"), {"used": used.id})
    assert _undo(database, report) == Undone(removed=5, ended=1, kept=0)
    left = importing.stored()
    assert {key: (row.state, row.ended_reason) for key, row in left.items()} == {
        "reader3@example.com": (SubscriptionState.ENDED, UNDONE)
    }
    assert importing(FILE).counts[Fate.NEW] == 6
    again = importing.stored()["reader3@example.com"]
    assert (again.id, again.state, again.ended_reason, again.changed_at) == (
        used.id,
        SubscriptionState.ACTIVE,
        None,
        None,
    )


def test_an_import_is_taken_back_once_and_within_a_day(importing: Importing, database: Database) -> None:
    first = importing(FILE).import_id or 0
    with database.write() as session:
        with pytest.raises(UndoRefused, match="no import 77"):
            undo(session, 77, SOON)
        with pytest.raises(UndoRefused, match="older than 24 hours"):
            undo(session, first, TODAY + timedelta(hours=24, seconds=1))
        assert undo(session, first, TODAY + timedelta(hours=24)).removed == 6
        with pytest.raises(UndoRefused, match="undone at"):
            undo(session, first, SOON)


def test_many_rows_are_taken_back_in_pieces(importing: Importing, database: Database) -> None:
    report = importing("email\n" + "".join(f"reader{number}@example.com\n" for number in range(1_203)))
    assert _undo(database, report).removed == 1_203
    with database.read() as session:
        assert _count(session) == (0, 0, 0)


def test_who_waits_on_another_list_keeps_their_address(importing: Importing, database: Database) -> None:
    """Imported into two lists at once without proof, so no consent record speaks for them; taken back from one."""
    with database.write() as session:
        a_list(session, slug="weekly")
    report = importing("email\ncarol@example.net\n")
    import_file(database, "weekly", importing.folder / "readers.csv", TODAY)
    assert _undo(database, report) == Undone(removed=1, ended=0, kept=0)
    with database.read() as session:
        assert session.exec(select(Subscriber.email_key)).all() == ["carol@example.net"]


def test_progress_is_told_in_subscriptions(importing: Importing, database: Database) -> None:
    report = importing("email\n" + "".join(f"reader{number}@example.com\n" for number in range(1_200)))
    assert report.import_id is not None
    told: list[tuple[int, int]] = []
    with database.write() as session:
        undo(session, report.import_id, SOON, lambda *so_far: told.append(so_far))
    assert told == [(500, 1_200), (1_000, 1_200), (1_200, 1_200)]
