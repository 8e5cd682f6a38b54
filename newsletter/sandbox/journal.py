"""What was accepted: one line per request, on disk before the answer leaves.

The journal is the oracle for "sent twice" and "lost", so it trusts nothing of the product: a line holds every
personalization as it was posted, and names the bodies by digest. Requests that arrive together share one fsync.
"""

import asyncio
import fcntl
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Final

import orjson

from newsletter.sandbox import clock
from newsletter.sandbox.contents import Contents, digest_of
from newsletter.sandbox.shapes import Message

ATTEMPT_ENDING: Final = "attempt_id"
"""Custom arguments with this ending are repeated in the head of a line, so that a checker finds attempts fast."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A request to be remembered: its line, and the bodies it names."""

    line: bytes
    digest: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: Entry
    done: "asyncio.Future[int]"
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)


def entry_of(message: Message, message_id: str, at: float, fault: str | None) -> Entry:
    """The journal's view of a message; `fault` names what will go wrong with the answer."""
    rest = {name: value for name, value in message.items() if name not in {"personalizations", "content"}}
    content = orjson.dumps(message.get("content", []))
    digest = digest_of(content)
    line = {
        "time": clock.iso(at),
        "message_id": message_id,
        "fault": fault,
        "attempt_ids": attempt_ids(message),
        "content": digest,
        "message": rest,
        "personalizations": message["personalizations"],
    }
    return Entry(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE), digest, content)


def attempt_ids(message: Message) -> list[str]:
    """The distinct attempt ids in a request, in order of appearance."""
    found: dict[str, None] = {}
    for args in (message.get("custom_args"), *(one.get("custom_args") for one in message["personalizations"])):
        for name, value in (args or {}).items():
            if name.endswith(ATTEMPT_ENDING):
                found[value] = None
    return list(found)


class Journal:
    """One writer thread; `append` returns once the line is synced.

    Args:
        directory: holds `journal.jsonl` and `content/`; locked against a second stand-in.
        sync: what makes a file durable; tests pass their own to watch the order.
    """

    def __init__(self, directory: Path, sync: Callable[[int], None] = os.fsync) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "journal.jsonl"
        self.contents = Contents(directory / "content")
        self._sync = sync
        self._file = _locked(self.path)
        self.end = _cut_torn_tail(self.path)
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    async def append(self, entry: Entry) -> int:
        """Remember `entry` for good; its offset. Raises OSError when the disk refuses, and nothing is accepted."""
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        self._queue.put(waiting)
        return await waiting.done

    def read(self, offset: int) -> dict[str, Any] | None:
        """The line that starts at `offset`, or None at the end."""
        line = self.read_line(offset)
        return orjson.loads(line) if line else None

    def read_line(self, offset: int) -> bytes:
        """The bytes of one line, empty when `offset` is where the journal ends."""
        if offset >= self.end:
            return b""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.readline()

    def close(self) -> None:
        """Write what is waiting, then let go of the file."""
        self._queue.put(None)
        self._thread.join()
        self._file.close()

    def _write_all(self) -> None:
        while (first := self._queue.get()) is not None:
            batch: list[_Waiting] = [first]
            while not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    self._settle(batch)
                    return
                batch.append(more)
            self._settle(batch)

    def _settle(self, batch: list[_Waiting]) -> None:
        try:
            offsets = self._write([one.entry for one in batch])
        except OSError as error:
            for one in batch:
                one.loop.call_soon_threadsafe(_fail, one.done, error)
            return
        for one, offset in zip(batch, offsets, strict=True):
            one.loop.call_soon_threadsafe(_resolve, one.done, offset)

    def _write(self, entries: list[Entry]) -> list[int]:
        offsets = []
        position = self.end
        for entry in entries:
            self.contents.keep(entry.digest, entry.content)
            offsets.append(position)
            position += len(entry.line)
        try:
            _write_whole(self._file.fileno(), b"".join(entry.line for entry in entries))
            self._sync(self._file.fileno())
        except OSError:
            # Nobody was answered 202 for these lines, so they must not be found later either.
            os.ftruncate(self._file.fileno(), self.end)
            raise
        self.end = position
        return offsets


def _locked(path: Path) -> FileIO:
    """The file, held by this process alone. Raises BlockingIOError when another one has it."""
    file = path.open("ab", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def _write_whole(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _cut_torn_tail(path: Path) -> int:
    """Where the journal ends. A last line without its newline was never answered, so it goes."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        end = size
        while end:
            start = max(0, end - 65_536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)
        return end


def _resolve(done: "asyncio.Future[int]", offset: int) -> None:
    if not done.done():  # the request may have been given up meanwhile
        done.set_result(offset)


def _fail(done: "asyncio.Future[int]", error: OSError) -> None:
    if not done.done():
        done.set_exception(error)
