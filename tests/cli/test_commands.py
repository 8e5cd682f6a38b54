"""The commands as somebody types them, in the order of a first day; and what they say when they can't."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.cli import main

SAMPLE = Path(__file__).parent.parent.parent / "newsletter" / "sample" / "trend-briefing-2026-18.txt"
ISSUE = "2026-18"
CONSENT = ("--consent-source", "paper form", "--consent-at", "2026-08-01")


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


Type = Callable[..., Said]


@pytest.fixture
def type_(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Type:
    """Type a command into an empty directory of its own; mails go into files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("NEWSLETTER_TRANSPORT", "file")
    monkeypatch.setenv("NEWSLETTER_FILE_TRANSPORT_DIR", str(tmp_path / "outbox"))

    def typed(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["newsletter", *words])
        capsys.readouterr()
        try:
            code = main()
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 0
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typed


@pytest.fixture
def settled(type_: Type) -> Type:
    """A database, a list, a ready issue, and two readers of whom one has not confirmed."""
    for words in (
        ("db", "upgrade"),
        ("lists", "create", "digest", "--kind", "information", "--name-ko", "브리핑", "--name-en", "Briefing"),
        ("issue", "import", str(SAMPLE)),
        ("issue", "ready", ISSUE, "--accept-suggestions"),
        (*["subscribers", "add", "bob@example.com", "--sections", "policy", "--categories", "AI"], *CONSENT),
        ("subscribers", "add", "carol@example.com"),
    ):
        said = type_(*words)
        assert said.code == 0, said.err
    return type_


def test_parsing_shows_the_figures_and_json_is_the_content(type_: Type) -> None:
    said = type_("issue", "parse", str(SAMPLE))
    assert "9 articles (1/4/4), 8 clippings" in said.out
    assert "category-mismatch" in said.err
    content = json.loads(type_("issue", "parse", str(SAMPLE), "--json").out)
    assert len(content["items"]) == 17


def test_parsing_needs_no_database_and_changes_nothing(type_: Type, tmp_path: Path) -> None:
    type_("issue", "parse", str(SAMPLE))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (b"\0\1\2" * 50, "binary"), (b"Dear reader,\n", "not an issue")]
)
def test_a_file_that_is_no_issue_gives_one_sentence(type_: Type, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "file.txt").write_bytes(content)
    said = type_("issue", "parse", str(tmp_path / "file.txt"))
    assert said.code == 2
    assert says in said.err
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err


def test_without_a_database_the_remedy_is_named(type_: Type) -> None:
    said = type_("issue", "list")
    assert said.code == 1
    assert "newsletter db upgrade" in said.err


def test_without_a_list_the_remedy_is_named(type_: Type) -> None:
    type_("db", "upgrade")
    said = type_("issue", "import", str(SAMPLE))
    assert said.code == 2
    assert "newsletter lists create" in said.err


def test_an_open_suggestion_is_said_at_the_import(type_: Type) -> None:
    type_("db", "upgrade")
    type_("lists", "create", "digest", "--kind", "information", "--name-ko", "브리핑", "--name-en", "Briefing")
    said = type_("issue", "import", str(SAMPLE))
    assert "not accepted yet" in said.err
    assert type_("issue", "ready", ISSUE).code == 1


def test_importing_the_same_file_again_changes_nothing(settled: Type) -> None:
    shown = settled("issue", "show", ISSUE, "--json").out
    Path("again.json").write_text(shown, encoding="utf-8")
    said = settled("issue", "import", "again.json")
    assert "unchanged" in said.err
    assert json.loads(settled("issue", "list", "--json").out) == [{"list": "digest", "issue": ISSUE, "state": "ready"}]


def test_a_preview_shows_what_the_reader_would_get(settled: Type) -> None:
    said = settled("preview", ISSUE, "--as", "bob@example.com", "--format", "text")
    assert "1 in full, 3 as lines" in said.err
    assert "한 줄로 보기" in said.out
    assert settled("preview", ISSUE, "--sections", "*", "--categories", "*", "-o", "mail.html").code == 0
    assert Path("mail.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "<mjml" in settled("preview", ISSUE, "--sections", "policy", "--format", "mjml", "--language", "en").out


def test_a_preview_for_nobody_names_what_to_say(settled: Type) -> None:
    assert "--as EMAIL" in settled("preview", ISSUE).err
    assert "not on the list" in settled("preview", ISSUE, "--as", "nobody@example.com").err
    assert "gets no mail" in settled("preview", ISSUE, "--sections", "clipping", "--categories", "우주항공").err


def test_a_campaign_from_creation_to_report(settled: Type) -> None:
    assert settled("campaign", "create", ISSUE).out == "1\n"
    planned = json.loads(settled("campaign", "plan", "1", "--json").out)
    assert (planned["candidates"], planned["readers"], planned["excluded"]) == (2, 1, {"unconfirmed": 1})
    assert settled("campaign", "send", "1").code == 0
    assert [path.name for path in Path("outbox").glob("*.eml")] == ["1-1.eml"]
    status = json.loads(settled("campaign", "status", "1", "--json").out)
    assert (status["state"], status["closes"], status["deliveries_by_state"]) == ("finished", True, {"accepted": 1})
    assert "candidates 2 = 1 deliveries + 1 excluded" in settled("campaign", "status", "1").out
    assert json.loads(settled("campaign", "status", "--json").out)[0]["state"] == "finished"
    assert json.loads(settled("report", "1", "--json").out)["sending"]["accepted"] == 1
    assert "deliveries" in settled("report", "1").out
    assert settled("report", "1", "--csv").out.splitlines()[0] == "group,name,count,of"
    assert settled("db", "check").out == "ok\n"


def test_a_campaign_can_be_paused_resumed_and_cancelled(settled: Type) -> None:
    settled("campaign", "create", ISSUE, "--at", "2099-12-01T09:00")
    assert "1 readers" in settled("campaign", "coverage", ISSUE).out
    settled("campaign", "plan", "1")
    assert settled("campaign", "resume", "1").code == 0
    assert settled("campaign", "pause", "1").code == 0
    assert settled("campaign", "pause", "1").code == 1
    assert settled("campaign", "cancel", "1", "--yes").code == 0
    assert json.loads(settled("campaign", "status", "1", "--json").out)["state"] == "cancelled"


def test_a_test_mail_is_marked_and_counts_nowhere(settled: Type) -> None:
    said = settled("send-test", ISSUE, "--as", "bob@example.com", "--to", "dave@example.com")
    assert said.code == 0, said.err
    assert len(list(Path("outbox").glob("*.eml"))) == 1
    assert json.loads(settled("campaign", "status", "--json").out) == []


def test_readers_go_in_and_out_as_csv(settled: Type) -> None:
    assert settled("subscribers", "export", "-o", "out.csv").code == 0
    dry = json.loads(settled("subscribers", "import", "out.csv", "--dry-run", "--json").out)
    assert (dry["rows"], dry["unchanged"], dry["import"]) == (2, 2, None)
    Path("more.csv").write_text("email,sections\nalice@example.com,*\nnot an address,*\n", encoding="utf-8")
    said = settled("subscribers", "import", "more.csv", "--errors", "bad.csv")
    assert "new: 1" in said.out
    assert "rejected: 1" in said.out
    assert "not an address" not in said.err, "an address, even a wrong one, is not for the terminal's history"
    assert Path("bad.csv").read_text(encoding="utf-8").count("\n") == 2
    assert settled("subscribers", "undo", "1").code == 0
    assert settled("subscribers", "show", "alice@example.com").code == 1


def test_a_person_can_be_shown_and_erased(settled: Type) -> None:
    assert json.loads(settled("subscribers", "show", "bob@example.com").out)["subscriber"]["email"] == "bob@example.com"
    assert settled("subscribers", "erase", "bob@example.com", "--yes").code == 0
    assert settled("subscribers", "show", "bob@example.com").code == 1


def test_jobs_are_listed_and_run(settled: Type) -> None:
    assert "apply-events" in settled("jobs", "list").out
    assert settled("jobs", "run", "apply-events").out == "0 events\n"
    assert settled("jobs", "run", "sweep").code == 1


def test_lists_are_shown_with_their_choices(settled: Type) -> None:
    assert json.loads(settled("lists", "show", "--json").out)[0]["slug"] == "digest"
    assert "Semiconductors" in settled("lists", "show", "digest").out


def test_every_command_explains_itself(type_: Type) -> None:
    for group in ("issue", "lists", "subscribers", "campaign", "db", "jobs"):
        assert type_(group, "--help").code == 0
    assert "campaign" in type_("--help").out


def test_a_publishers_own_keyword_file_is_used(type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.toml").write_text(
        '[[category]]\nko = "창고"\nen = "Warehouses"\nkeywords = ["물류 창고"]\n', encoding="utf-8"
    )
    monkeypatch.setenv("NEWSLETTER_KEYWORDS_FILE", "own.toml")
    content = json.loads(type_("issue", "parse", str(SAMPLE), "--json").out)
    assert {name for item in content["items"] for name in item["suggested_categories"]} == {"창고"}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("subscribers", "import", "absent.csv"), 2, "absent.csv: No such file or directory"),
        (("subscribers", "import", "."), 2, ".: Is a directory"),
        (("subscribers", "export", "-o", "absent/out.csv"), 2, "absent/out.csv: No such file or directory"),
        (("preview", ISSUE, "--sections", "policy", "-o", "absent/mail.html"), 2, "absent/mail.html: No such file"),
        (("lists", "create", "digest", "--kind", "information", "--name-ko", "a", "--name-en", "b"), 2, "already"),
        (("lists", "create", "other", "--kind", "information", "--name-ko", "a\nb", "--name-en", "b"), 2, "one line"),
        (("lists", "create", "other", "--kind", "information", "--name-ko", "가" * 201, "--name-en", "b"), 2, "200"),
        (("lists", "create", "other", "--kind", "information", "--name-ko", " ", "--name-en", "b"), 2, "give both"),
        (("campaign", "create", ISSUE, "--subject", "가" * 401), 2, "at most 400 printable characters"),
        (("campaign", "create", ISSUE, "--at", "2020-01-01T09:00"), 2, "has gone by"),
        (("subscribers", "add", "alice@example.com", "--sections", "sport"), 2, "unknown section 'sport'"),
        (("subscribers", "add", "alice@example.com", "--language", "fr"), 2, "language 'fr'"),
        (
            ("subscribers", "add", "alice@example.com", "--consent-source", "x", "--consent-at", "2126-01-01"),
            2,
            "future",
        ),
        (("subscribers", "add", "alice@example.com", "--consent-source", "x"), 2, "a source and a date"),
        (("subscribers", "add", "bob@example.com", *CONSENT), 1, "its subscription is active"),
        (("subscribers", "add", "carol@example.com"), 1, "its subscription is pending"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(settled: Type, words: tuple[str, ...], code: int, says: str) -> None:
    before = settled("subscribers", "export").out
    said = settled(*words)
    assert said.code == code, said.err
    assert said.err.splitlines()[-1].startswith("error: ")
    assert says in said.err
    assert "Traceback" not in said.err
    assert settled("subscribers", "export").out == before


def test_a_proof_brings_a_pending_reader_in(settled: Type) -> None:
    assert settled("subscribers", "add", "carol@example.com", *CONSENT).code == 0
    assert json.loads(settled("subscribers", "show", "carol@example.com").out)["subscriptions"][0]["state"] == "active"


def test_a_declaration_of_the_future_is_none(settled: Type) -> None:
    settled("subscribers", "export", "-o", "out.csv")
    words = ("--consent-source", "form", "--consent-proof", "file", "--consent-owner", "me", "--consent-at")
    assert settled("subscribers", "import", "out.csv", *words, "2126-01-01").code == 2
    assert settled("subscribers", "import", "out.csv", *words, "2026-01-01").code == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "canary", "NEWSLETTER_DATABASE_URL"),
        ("DATABASE_URL", "mysql://canary@127.0.0.1/x", "NEWSLETTER_DATABASE_URL"),
        ("DATABASE_URL", "postgresql://x:canary@127.0.0.1:1/x", "Connection refused"),
        ("DATABASE_URL", "sqlite:////absent/x.sqlite", "unable to open"),
        ("STATE_DIR", "/dev/null/x", "NEWSLETTER_STATE_DIR"),
        ("BASE_URL", "canary", "NEWSLETTER_BASE_URL"),
    ],
)
def test_a_setting_that_can_not_be_used_is_one_sentence_without_secrets(
    type_: Type, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    for words in (("db", "upgrade"), ("campaign", "status")):
        said = type_(*words)
        assert said.code == 1
        assert said.err.startswith("error: ")
        assert says in said.err
        assert "Traceback" not in said.err
        assert "canary" not in said.err


def test_a_file_that_is_no_database_is_one_sentence(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "newsletter.sqlite").write_bytes(b"not a database" * 1000)
    said = type_("campaign", "status")
    assert (said.code, "not a database" in said.err, "Traceback" in said.err) == (1, True, False)


def test_a_database_that_fails_half_way_is_one_sentence(settled: Type, tmp_path: Path) -> None:
    """A table that is gone stands for a full disk or a lost server."""
    with closing(sqlite3.connect(tmp_path / "state" / "newsletter.sqlite")) as connection:
        connection.execute("ALTER TABLE campaign RENAME TO lost")
        connection.commit()
    said = settled("campaign", "status")
    assert said.code == 1
    assert said.err.startswith("error: the database: no such table")
