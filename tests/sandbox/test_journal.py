"""A line is on disk before anyone hears of it, and what nobody heard of is not on disk."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from newsletter.sandbox.journal import Entry, Journal, attempt_ids, entry_of
from tests.sandbox.support import message, personal


def entry(text: bytes = b"{}\n") -> Entry:
    return Entry(text, "sha256:abc", b"[]")


def test_nobody_hears_of_a_line_before_it_is_synced(tmp_path: Path) -> None:
    """The negative control: with a sync that waits, `append` waits; were it told first, it would not."""
    synced = threading.Event()

    def slow(handle: int) -> None:
        synced.wait(5)
        os.fsync(handle)

    async def scenario() -> int:
        journal = Journal(tmp_path, sync=slow)
        append = asyncio.ensure_future(journal.append(entry()))
        done, _ = await asyncio.wait({append}, timeout=0.3)
        assert not done, "told before the sync"
        assert (tmp_path / "journal.jsonl").read_bytes() == b"{}\n"
        synced.set()
        offset = await append
        journal.close()
        return offset

    assert asyncio.run(scenario()) == 0


def test_requests_that_come_together_share_one_sync(tmp_path: Path) -> None:
    syncs: list[int] = []
    gate = threading.Event()

    def counted(handle: int) -> None:
        gate.wait(5)
        syncs.append(handle)

    async def scenario() -> list[int]:
        journal = Journal(tmp_path, sync=counted)
        appends = [asyncio.ensure_future(journal.append(entry())) for _ in range(20)]
        await asyncio.sleep(0.1)
        gate.set()
        offsets = await asyncio.gather(*appends)
        journal.close()
        return list(offsets)

    assert asyncio.run(scenario()) == [3 * n for n in range(20)]
    assert len(syncs) <= 2


def test_a_disk_that_refuses_leaves_no_line_behind(tmp_path: Path) -> None:
    failures = iter([OSError("no space"), None])

    def failing(_: int) -> None:
        if error := next(failures):
            raise error

    async def scenario() -> None:
        journal = Journal(tmp_path, sync=failing)
        with pytest.raises(OSError, match="no space"):
            await journal.append(entry(b'{"lost": 1}\n'))
        await journal.append(entry(b'{"kept": 1}\n'))
        journal.close()

    asyncio.run(scenario())
    assert (tmp_path / "journal.jsonl").read_bytes() == b'{"kept": 1}\n'


@pytest.mark.parametrize("torn", [b"", b'{"half": ', b"x" * 200_000])
def test_a_torn_last_line_was_never_answered_and_goes(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b'{"whole": 1}\n' + torn)
    journal = Journal(tmp_path)
    assert journal.read(0) == {"whole": 1}
    assert journal.read(journal.end) is None
    journal.close()
    assert (tmp_path / "journal.jsonl").read_bytes() == b'{"whole": 1}\n'


def test_a_second_stand_in_keeps_its_hands_off(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    with pytest.raises(BlockingIOError):
        Journal(tmp_path)
    first.close()


def test_equal_bodies_are_stored_once_and_come_back_to_the_letter(tmp_path: Path) -> None:
    whole: Any = message("a@example.com")
    other: Any = message("b@example.com")

    async def scenario() -> None:
        journal = Journal(tmp_path)
        for one in (whole, other):
            made = entry_of(one, "id", 1.0, None)
            await journal.append(made)
            assert journal.contents.load(made.digest) == whole["content"]
        journal.close()

    asyncio.run(scenario())
    assert len(list((tmp_path / "content").iterdir())) == 1


def test_attempts_are_found_at_both_levels() -> None:
    body: Any = message(custom_args={"nl_attempt_id": "one"})
    body["personalizations"].append(personal("b@example.com", custom_args={"nl_attempt_id": "two", "other": "x"}))
    assert attempt_ids(body) == ["one", "two"]
