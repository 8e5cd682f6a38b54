"""A self-clocking group commit for the hot routes: hits queue while the last commit runs, then go in together.

Each request answers after the commit that holds its hit, so an acknowledged hit survives; and no timer is needed,
since the slower commits are, the larger their groups become. When the queue is full the request is answered anyway
and the drop is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from starlette.concurrency import run_in_threadpool

Thing = TypeVar("Thing")
CAPACITY = 10_000

_log = structlog.get_logger(__name__)


class GroupCommit(Generic[Thing]):
    """`write` stores a group in one transaction, in a thread; groups never overlap."""

    def __init__(self, write: Callable[[list[Thing]], None], capacity: int = CAPACITY) -> None:
        self._write = write
        self._capacity = capacity
        self._waiting: list[tuple[Thing, asyncio.Future[bool]]] = []
        self._running: asyncio.Task[None] | None = None
        self.dropped_count = 0
        """Things that were not stored: the queue was full, or the commit failed."""

    async def add(self, thing: Thing) -> bool:
        """Store `thing`; True once it is durable, False where it was dropped. Never raises for the database's sake."""
        if len(self._waiting) >= self._capacity:
            self.dropped_count += 1
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((thing, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._commit_all())
        return await done

    async def _commit_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            is_stored = await self._commit([thing for thing, _ in group])
            for _, done in group:
                if not done.done():  # a client that hung up has cancelled its wait
                    done.set_result(is_stored)

    async def _commit(self, things: list[Thing]) -> bool:
        try:
            await run_in_threadpool(self._write, things)
        except Exception as error:  # noqa: BLE001 -- a reader's click must lead somewhere whatever the database does
            self.dropped_count += len(things)
            _log.error("hits not stored", count=len(things), error=type(error).__name__)
            return False
        return True
