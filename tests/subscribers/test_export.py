from __future__ import annotations

import csv
import io
from datetime import timedelta

from newsletter.db import Database
from subscribers.csvfile import guarded
from subscribers.export import export_csv
from subscribers.fates import Fate
from subscribers.importer import Options
from subscribers.models import MailingList, Tracking
from subscribers.rows import COLUMNS
from subscribers.subscriptions import Change, change, leave
from tests.builders import LONG_AGO, TODAY, Importing, a_list, a_reader, the_four


def _export(database: Database, mailing_list: MailingList) -> str:
    out = io.StringIO()
    with database.read() as session:
        count = export_csv(session, mailing_list, out)
    assert count == len(out.getvalue().splitlines()) - 1
    return out.getvalue()


def _rows(text: str) -> dict[str, dict[str, str]]:
    return {row["email"]: row for row in csv.DictReader(io.StringIO(text))}


def test_every_reader_is_exported_with_their_status(database: Database, mailing_list: MailingList) -> None:
    with database.write() as session:
        people = the_four(session, mailing_list)
        left = a_reader(session, mailing_list, email="left@example.com")
        leave(session, left.id or 0, TODAY, "one-click")
        change(session, people.bob.id or 0, Change(send_hour=0, time_zone="UTC"), TODAY)
    rows = _rows(_export(database, mailing_list))
    assert {email: row["status"] for email, row in rows.items()} == {
        "alice@example.com": "active",
        "bob@example.org": "active",
        "carol@example.net": "pending",
        "dave@example.com": "suppressed",
        "left@example.com": "ended",
    }
    assert rows["alice@example.com"]["sections"] == rows["alice@example.com"]["categories"] == "*"
    assert rows["bob@example.org"] == {
        "email": "bob@example.org",
        "name": "Bob",
        "language": "ko",
        "time_zone": "UTC",
        "send_hour": "0",
        "cadence": "each",
        "sections": "policy",
        "categories": "AI",
        "tracking": "aggregate",
        "consent_at": LONG_AGO.isoformat(),
        "consent_source": "form",
        "status": "active",
    }


def test_a_list_put_into_an_empty_one_is_the_same_list(database: Database, importing: Importing) -> None:
    """Out of one list, into another, out again: identical but for order. What had ended stays out."""
    with database.write() as session:
        mailing_list = importing.mailing_list(session)
        source = a_list(session, slug="source")
        the_four(session, source)
        a_reader(session, source, email="+tag@example.com", name="=1+1", tracking=Tracking.INDIVIDUAL, sections="")
        a_reader(session, source, email="name@example.com", name='\'="x", ; |, 앨리스', categories="에너지·탄소중립|AI")
        gone = a_reader(session, source, email="gone@example.com")
        leave(session, gone.id or 0, TODAY, "one-click")
    first = _export(database, source)
    importing(first)
    again = _export(database, mailing_list)
    expected = {email: row for email, row in _rows(first).items() if row["status"] in {"active", "pending"}}
    assert _rows(again) == expected
    assert len(expected) == 5
    assert importing(again).counts[Fate.UNCHANGED] == 5


def test_no_cell_is_a_formula_over_ten_thousand_rows(database: Database, importing: Importing) -> None:
    """S-39: whatever readers call themselves, a spreadsheet computes nothing, and the way back gives the same names."""
    starts = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "'=", "''@", "'", "", "a="]
    names = {f"r{number}@example.com": f"{starts[number % len(starts)]}cmd|x{number}" for number in range(10_000)}
    content = io.StringIO()
    writer = csv.writer(content)
    writer.writerow(["email", "name"])
    writer.writerows((email, guarded(name)) for email, name in names.items())
    assert importing(content.getvalue(), Options()).counts[Fate.NEW] == 10_000
    assert {email: row.name for email, row in importing.stored().items()} == names
    with database.read() as session:
        mailing_list = importing.mailing_list(session)
    exported = _export(database, mailing_list)
    cells = [cell for row in csv.reader(io.StringIO(exported)) for cell in row]
    assert len(cells) == 10_001 * (len(COLUMNS) + 1)
    assert not [
        cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠"))
    ]
    assert sum(name.startswith(("=", "+", "-", "@")) for name in names.values()) > 3_000, "the control: there were some"


def test_progress_is_told_in_rows(database: Database, importing: Importing) -> None:
    importing("email\n" + "".join(f"reader{number}@example.com\n" for number in range(2_500)))
    told: list[tuple[int, int]] = []
    with database.read() as session:
        export_csv(session, importing.mailing_list(session), io.StringIO(), lambda *so_far: told.append(so_far))
    assert told == [(2_000, 2_500), (2_500, 2_500)]


def test_another_lists_readers_and_consent_stay_out(database: Database, mailing_list: MailingList) -> None:
    with database.write() as session:
        other = a_list(session, slug="weekly")
        a_reader(session, other, email="bob@example.org")
        a_reader(session, other, email="carol@example.net", now=TODAY - timedelta(days=1))
        a_reader(session, mailing_list, email="carol@example.net", is_confirmed=False)
    rows = _rows(_export(database, mailing_list))
    assert list(rows) == ["carol@example.net"]
    assert rows["carol@example.net"]["consent_at"] == LONG_AGO.isoformat()
