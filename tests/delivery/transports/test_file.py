from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.delivery.message import Letter, Message, Recipient
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports import file
from newsletter.delivery.transports.file import FileTransport

LETTER = Letter("제목", "<p>x</p>", "x", "digest@news.example.org", "동향", "<digest.news.example.org>")
READERS = tuple(
    Recipient(n, f"reader{n}@example.com", "", {"-t-": "v"}, "https://news.example.org/u/a") for n in range(1, 4)
)
MESSAGE = Message(LETTER, READERS, 7, "a" * 32, datetime(2026, 9, 1, 9, tzinfo=UTC))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_each_reader_has_one_file_even_when_sent_again(tmp_path: Path) -> None:
    transport = FileTransport(tmp_path / "outbox")
    for attempt in ("a" * 32, "b" * 32):
        outcome = transport.submit(replace(MESSAGE, attempt_id=attempt))
        assert (outcome.wire, outcome.message_id) == (WireClass.ACCEPTED, f"file-{attempt}")
    assert names(tmp_path / "outbox") == ["7-1.eml", "7-2.eml", "7-3.eml"]


def test_a_directory_that_can_not_be_written_means_nothing_was_sent(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way", encoding="utf-8")
    outcome = FileTransport(tmp_path / "outbox").submit(MESSAGE)
    assert outcome.wire is WireClass.NOT_SENT
    assert "outbox" in (outcome.detail or "")


def test_a_full_disk_leaves_no_half_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def fill(path: Path, data: bytes) -> None:
        path.write_bytes(data)
        written.append(path)
        if len(written) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(file, "_write", fill)
    outcome = FileTransport(tmp_path).submit(MESSAGE)
    assert (outcome.wire, names(tmp_path)) == (WireClass.NOT_SENT, [])


def test_trouble_between_the_first_name_and_the_last_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_directory: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(file, "_sync", fail)
    assert FileTransport(tmp_path).submit(MESSAGE).wire is WireClass.UNKNOWN


def test_files_and_their_names_are_synced_before_the_acceptance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    FileTransport(tmp_path).submit(MESSAGE)
    assert len(synced) == 4  # three files and their directory
