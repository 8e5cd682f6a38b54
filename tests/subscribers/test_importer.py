from __future__ import annotations

import csv
import io
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import func, select

from newsletter.db import Database
from subscribers import consent, suppression
from subscribers.audience import ALL_LISTS
from subscribers.errors import ImportRefused, UnknownList
from subscribers.fates import Fate
from subscribers.importer import Declaration, Options, import_file
from subscribers.models import (
    Cadence,
    ConsentRecord,
    ImportRun,
    MailingList,
    Selection,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
    Tracking,
)
from subscribers.privacy import erase
from subscribers.rows import COLUMNS
from subscribers.selections import Wishes
from subscribers.store import wishes_of
from subscribers.subscriptions import Change, change, leave
from tests.builders import TODAY, Importing, a_list, a_reader, the_four

HEADER = ",".join(COLUMNS) + "\n"
PROVED = "2026-03-01T09:30:00+09:00,web form"
FULL = HEADER + (
    f"alice@example.com,Alice,en,Europe/Berlin,7,weekly,*,*,individual,{PROVED}\n"
    f"bob@example.org,Bob,ko,,,each,policy|clipping,AI,none,{PROVED}\n"
    "carol@example.net,Carol,,,,,policy,,,,\n"
)
SECRET = b"s" * 32
DECLARED = Declaration("conference 2026", datetime(2026, 2, 1, tzinfo=UTC), "signed sheets, folder 7", "Dave")
TABLES = (Subscriber, Subscription, Selection, ConsentRecord, ImportRun)


def _counts(**counts: int) -> dict[Fate, int]:
    return {fate: counts.get(fate.value, 0) for fate in Fate}


def _sizes(database: Database) -> list[int]:
    with database.read() as session:
        return [session.exec(select(func.count()).select_from(table)).one() for table in TABLES]


def test_a_file_becomes_readers_with_their_settings_picks_and_proof(importing: Importing, database: Database) -> None:
    report = importing(FULL)
    assert (report.counts, report.row_count, report.rejected) == (_counts(new=3), 3, ())
    stored = importing.stored()
    alice, bob, carol = (stored[key] for key in ("alice@example.com", "bob@example.org", "carol@example.net"))
    assert (alice.name, alice.language, alice.time_zone, alice.send_hour) == ("Alice", "en", "Europe/Berlin", 7)
    assert (alice.cadence, alice.tracking, alice.state) == (
        Cadence.WEEKLY,
        Tracking.INDIVIDUAL,
        SubscriptionState.ACTIVE,
    )
    assert alice.confirmed_at == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
    assert (bob.send_hour, bob.time_zone, bob.tracking) == (None, None, Tracking.NONE)
    assert carol.state is SubscriptionState.PENDING, "no proof, no mail"
    with database.read() as session:
        picked = session.get(Selection, bob.selection_id)
        assert picked is not None
        assert wishes_of(picked) == Wishes(("policy", "clipping"), ("AI",))
        said = consent.history(session, alice.subscriber_id)
        assert [(entry.purpose, entry.how, entry.actor) for entry in said] == [
            ("newsletter", "import: web form", f"import:{report.import_id}"),
            ("tracking", "import: web form", f"import:{report.import_id}"),
        ]
        assert {entry.utc_offset_minutes for entry in said} == {540}
        assert consent.history(session, carol.subscriber_id) == []


def test_the_same_file_again_changes_nothing(importing: Importing, database: Database) -> None:
    importing(FULL)
    before = importing.stored()
    assert importing(FULL).counts == _counts(unchanged=3)
    after = importing.stored()
    assert {key: row.model_dump() for key, row in after.items()} == {
        key: row.model_dump() for key, row in before.items()
    }
    assert _sizes(database)[:4] == [3, 3, 3, 3]


def test_a_dry_run_counts_the_same_and_writes_nothing(importing: Importing, database: Database) -> None:
    with database.write() as session:
        the_four(session, importing.mailing_list(session))
    content = (
        FULL + f"dave@@example.com,,,,,,,,,,\nalice@example.com,,,,,,*,*,,{PROVED}\ndave@example.com,,,,,,,,,{PROVED}\n"
    )
    before = _sizes(database)
    dry = importing(content, Options(is_dry_run=True, chunk_rows=2))
    assert _sizes(database) == before
    assert dry.import_id is None
    wet = importing(content, Options(chunk_rows=2))
    assert (wet.counts, wet.rejected) == (dry.counts, dry.rejected)
    assert wet.counts == _counts(updated=3, duplicate=1, rejected=1, suppressed=1)
    assert _sizes(database) != before


def test_one_bad_row_stops_no_other(importing: Importing) -> None:
    """Kinds of bad rows among good ones; every row has one fate, and each bad one its line and reason."""
    bad = [
        "broken",
        "broken@example",
        "앨리스@example.com",
        "broken@example.com\x00",
        'broken@example.com,"Broken',
        "broken@example.com,Broken,fr",
        "broken@example.com," + "x" * 201,
        "broken@example.com,Broken,ko,Mars",
        "broken@example.com,Broken,ko,,25",
        "broken@example.com,Broken,ko,,9,daily",
        "broken@example.com,Broken,ko,,9,each,sport",
        "broken@example.com,Broken,ko,,9,each,policy,gossip",
        "broken@example.com,Broken,ko,,9,each,policy,AI,always",
        "broken@example.com,Broken,ko,,9,each,policy,AI,individual",
        "broken@example.com,Broken,ko,,9,each,policy,AI,none,soon,form",
        "broken@example.com,Broken,ko,,9,each,policy,AI,none,2099-01-01,form",
        "broken@example.com" + ",x" * 5_000,
        "x" * 100_000,
    ]
    width = len(COLUMNS) - 1
    rows = []
    for number, row in enumerate(bad):
        rows += [f"reader{number}@example.com" + "," * width, row + "," * max(0, width - row.count(","))]
    errors = io.StringIO()
    report = importing(HEADER + "\n".join(rows), Options(errors=errors, chunk_rows=5))
    assert report.counts == _counts(new=len(bad), rejected=len(bad))
    assert [problem.line for problem in report.rejected] == [3 + 2 * number for number in range(len(bad))]
    written = list(csv.DictReader(io.StringIO(errors.getvalue())))
    assert [(int(row["line"]), row["reason"]) for row in written] == [
        (problem.line, problem.reason) for problem in report.rejected
    ]
    assert "broken@" not in errors.getvalue(), "an error file names lines, not people"


def test_the_first_row_of_an_address_counts_across_chunks(importing: Importing) -> None:
    content = "email,name\n" + "".join(
        f"Alice@EXAMPLE.com,Alice {number}\nbob{number}@example.org,\n" for number in range(7)
    )
    report = importing(content, Options(chunk_rows=3))
    assert report.counts == _counts(new=8, duplicate=6)
    assert importing.stored()["alice@example.com"].name == "Alice 0"


def test_a_bad_row_does_not_make_the_good_one_a_duplicate(importing: Importing) -> None:
    assert importing("email,language\nalice@example.com,xx\nalice@example.com,en\n").counts == _counts(
        new=1, rejected=1
    )


@pytest.mark.parametrize("reason", ["unsubscribed", "spam-report", "hard-bounce"])
def test_nobody_who_left_comes_back_by_a_file(importing: Importing, database: Database, reason: str) -> None:
    """I6. The control: the same file does bring in whoever never left."""
    with database.write() as session:
        mailing_list = importing.mailing_list(session)
        alice = a_reader(session, mailing_list, email="alice@example.com", name="Alice")
        leave(session, alice.id or 0, TODAY, "webhook", reason=reason)
    content = HEADER + f"alice@example.com,New,,,,,*,*,,{PROVED}\nbob@example.org,Bob,,,,,*,*,,{PROVED}\n"
    for options in (Options(), Options(declaration=DECLARED)):
        assert importing(content, options).counts[Fate.SUPPRESSED] == 1
        stored = importing.stored()
        assert (stored["alice@example.com"].state, stored["alice@example.com"].ended_reason) == (
            SubscriptionState.ENDED,
            reason,
        )
        assert stored["alice@example.com"].name == "Alice"
        assert stored["bob@example.org"].state is SubscriptionState.ACTIVE


def test_a_suppressed_or_erased_address_is_not_even_stored(importing: Importing, database: Database) -> None:
    with database.write() as session:
        mailing_list = importing.mailing_list(session)
        a_reader(session, mailing_list, email="erased@example.com")
        erase(session, "erased@example.com", TODAY, [SECRET])
        suppression.suppress(session, "dave@example.com", ALL_LISTS, SuppressionReason.HARD_BOUNCE, TODAY)
        suppression.suppress(session, "carol@example.net", "digest", SuppressionReason.MANUAL, TODAY)
        suppression.suppress(session, "bob@example.org", "another", SuppressionReason.MANUAL, TODAY)
    content = "email,consent_at,consent_source\n" + "".join(
        f"{email},2026-03-01,form\n"
        for email in ("erased@example.com", "Dave@example.com", "carol@example.net", "bob@example.org")
    )
    assert importing(content, Options(secrets=[b"n" * 32, SECRET])).counts == _counts(new=1, suppressed=3)
    assert set(importing.stored()) == {"bob@example.org"}
    assert importing(content).counts[Fate.NEW] == 1, "the control: without its key a tombstone is silent"


def test_who_was_erased_and_came_back_by_themselves_is_a_reader_like_any(
    importing: Importing, database: Database
) -> None:
    with database.write() as session:
        mailing_list = importing.mailing_list(session)
        a_reader(session, mailing_list, email="alice@example.com", now=TODAY)
        erase(session, "alice@example.com", TODAY, [SECRET])
        a_reader(session, mailing_list, email="alice@example.com", now=TODAY)
    content = "email,name\nalice@example.com,Alice\n"
    assert importing(content, Options(secrets=[SECRET])).counts == _counts(updated=1)


def test_a_withdrawn_yes_is_not_overruled_by_an_older_one_on_file(importing: Importing, database: Database) -> None:
    """She left, somebody signed her up again, nobody confirmed: a file's proof must not finish that."""
    with database.write() as session:
        mailing_list = importing.mailing_list(session)
        alice = a_reader(session, mailing_list, email="alice@example.com")
        leave(session, alice.id or 0, TODAY, "one-click")
        a_reader(session, mailing_list, email="alice@example.com", is_confirmed=False, now=TODAY)
        a_reader(session, mailing_list, email="carol@example.net", is_confirmed=False)
    content = f"email,consent_at,consent_source\nalice@example.com,{PROVED}\ncarol@example.net,{PROVED}\n"
    assert importing(content).counts == _counts(unchanged=1, updated=1)
    states = {key: row.state for key, row in importing.stored().items()}
    assert states == {"alice@example.com": SubscriptionState.PENDING, "carol@example.net": SubscriptionState.ACTIVE}


def test_a_files_declaration_covers_rows_without_their_own_and_is_stored(
    importing: Importing, database: Database
) -> None:
    report = importing(FULL, Options(declaration=DECLARED))
    assert {row.state for row in importing.stored().values()} == {SubscriptionState.ACTIVE}
    carol = importing.stored()["carol@example.net"]
    with database.read() as session:
        run = session.get(ImportRun, report.import_id)
        assert run is not None
        assert run.declaration == {
            "source": "conference 2026",
            "date": "2026-02-01T00:00:00+00:00",
            "proof": "signed sheets, folder 7",
            "owner": "Dave",
        }
        assert [(entry.how, entry.at) for entry in consent.history(session, carol.subscriber_id)] == [
            ("import: conference 2026", DECLARED.date)
        ]


@pytest.mark.parametrize("missing", ["source", "proof", "owner"])
def test_half_a_declaration_is_refused(missing: str) -> None:
    words = {"source": "a", "proof": "b", "owner": "c"} | {missing: "  "}
    with pytest.raises(ImportRefused, match="all four"):
        Declaration(date=TODAY, **words)


def test_a_readers_own_choice_of_less_tracking_stands(importing: Importing, database: Database) -> None:
    importing(FULL)
    with database.write() as session:
        alice = importing.stored()["alice@example.com"]
        change(session, alice.id or 0, Change(tracking=Tracking.NONE), TODAY)
    assert importing(FULL).counts == _counts(unchanged=3)
    assert importing.stored()["alice@example.com"].tracking is Tracking.NONE


def test_a_known_reader_gets_only_what_the_file_says(importing: Importing) -> None:
    importing(FULL)
    assert importing("email,name\nalice@example.com,Alice B\nbob@example.org,\n").counts == _counts(
        updated=1, unchanged=1
    )
    alice = importing.stored()["alice@example.com"]
    assert (alice.name, alice.language, alice.send_hour, alice.tracking) == ("Alice B", "en", 7, Tracking.INDIVIDUAL)
    assert alice.changed_at == TODAY
    assert importing("email,sections\nalice@example.com,policy\n").counts == _counts(updated=1)


def test_an_address_of_another_list_is_one_person(importing: Importing, database: Database) -> None:
    importing(FULL)
    with database.write() as session:
        people = session.exec(select(func.count()).select_from(Subscriber)).one()
        a_list(session, slug="weekly")
    import_file(database, "weekly", importing.folder / "readers.csv", TODAY)
    assert _sizes(database)[0] == people


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "utf-8": FULL.encode(),
        "bom": b"\xef\xbb\xbf" + FULL.encode(),
        "utf-16": FULL.encode("utf-16"),
        "cp949": FULL.encode("cp949"),
        "crlf": FULL.replace("\n", "\r\n").encode(),
        "cr": FULL.replace("\n", "\r").encode(),
        "semicolon": FULL.replace(",", ";").encode(),
        "tab": FULL.replace(",", "\t").encode(),
        "quoted": ('"' + FULL.strip().replace(",", '","').replace("\n", '"\n"') + '"').encode(),
        "blank lines": FULL.replace("\n", "\n\n").encode(),
    }.items(),
)
def test_every_usual_kind_of_file_says_the_same(importing: Importing, name: str, content: bytes) -> None:
    assert importing(content).counts == _counts(new=3), name
    assert importing.stored()["alice@example.com"].name == "Alice"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"name,language\nAlice,en\n",
        b"alice@example.com\n",
        b"email,shoe_size\nalice@example.com,38\n",
        b"PK\x03\x04binary",
        bytes(range(256)) * 40,
        b'"email\nalice@example.com\n',
        b"email" + b",x" * 50_000,
    ],
)
def test_a_file_that_is_none_changes_nothing(importing: Importing, database: Database, content: bytes) -> None:
    before = _sizes(database)
    with pytest.raises(ImportRefused):
        importing(content)
    assert _sizes(database) == before


def test_an_unknown_list_is_refused(importing: Importing, tmp_path: Path) -> None:
    importing(FULL)
    with pytest.raises(UnknownList, match="digest"):
        import_file(importing.database, "dijest", importing.folder / "readers.csv", TODAY)


def test_an_import_that_dies_between_chunks_is_finished_by_the_same_file(
    importing: Importing, database: Database
) -> None:
    """R-87: nobody twice, nobody lost, and the counts on record are those of the chunks that stand."""
    content = "email\n" + "".join(f"reader{number}@example.com\n" for number in range(20))
    points: list[str] = []

    def die(point: str) -> None:
        points.append(point)
        if len(points) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        importing(content, Options(chunk_rows=6, fault=die))
    assert set(points) == {"22"}
    assert len(importing.stored()) == 12
    with database.read() as session:
        run = session.exec(select(ImportRun)).one()
        assert (run.counts["new"], run.finished_at) == (12, None)
    assert importing(content, Options(chunk_rows=6)).counts == _counts(new=8, unchanged=12)
    assert len(importing.stored()) == 20


def test_progress_is_told_in_bytes_up_to_the_whole_file(importing: Importing) -> None:
    told: list[tuple[int, int]] = []
    content = "email\n" + "".join(f"reader{number}@example.com\n" for number in range(3_000))
    importing(content, Options(chunk_rows=500, progress=lambda done, total: told.append((done, total))))
    assert len(told) == 6
    assert told == sorted(told)
    assert told[-1] == (len(content), len(content))


def test_memory_does_not_grow_with_the_file(importing: Importing) -> None:
    """Peak of a dry run over six times the rows stays what it was (R-86 in small)."""

    def peak(rows: int) -> int:
        content = "email\n" + "".join(f"reader{number}@example.com\n" for number in range(rows))
        (importing.folder / "readers.csv").write_text(content)
        del content
        tracemalloc.start()
        import_file(
            importing.database,
            "digest",
            importing.folder / "readers.csv",
            TODAY,
            Options(is_dry_run=True, chunk_rows=500),
        )
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(500)
    small, large = peak(1_000), peak(6_000)
    assert large < 1.5 * small


def test_counts_of_a_mixed_file_add_up_to_its_rows(importing: Importing, database: Database) -> None:
    """R-86 in small: 2,000 rows of every fate."""
    with database.write() as session:
        mailing_list = importing.mailing_list(session)
        for number in range(20):
            suppression.suppress(session, f"r{number}@example.com", ALL_LISTS, SuppressionReason.MANUAL, TODAY)
            a_reader(session, mailing_list, email=f"known{number}@example.com", name=f"Known {number % 2}")
    rows = [f"r{number % 1_800}@example.com,Reader" for number in range(1_900)]
    rows += [f"known{number}@example.com,Known 0" for number in range(20)] + ["broken,x"] * 80
    report = importing("email,name\n" + "\n".join(rows), Options(chunk_rows=170))
    assert report.row_count == 2_000
    assert report.counts == _counts(new=1_780, updated=10, unchanged=10, duplicate=100, suppressed=20, rejected=80)
    assert len(report.rejected) == 80
    assert Counter(row.state for row in importing.stored().values())[SubscriptionState.PENDING] == 1_780


def test_an_exported_status_is_heeded(importing: Importing, mailing_list: MailingList) -> None:
    content = "email,consent_at,consent_source,status\n" + "".join(
        f"{status}@example.com,{PROVED},{status}\n" for status in ("active", "pending", "ended", "suppressed")
    )
    assert importing(content).counts == _counts(new=2, suppressed=2)
    states = {key: row.state for key, row in importing.stored().items()}
    assert states == {
        "active@example.com": SubscriptionState.ACTIVE,
        "pending@example.com": SubscriptionState.PENDING,
    }
