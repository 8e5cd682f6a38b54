"""One machine: one sending process, a few lanes. A second process refuses to start.

The lock is the operating system's, on a file: it goes away with the process, however that ends, and never before.
Whoever holds it may conclude at its start that every call still marked as under way has lost its caller.
"""

from __future__ import annotations

import fcntl
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from newsletter.delivery import ledger
from newsletter.delivery.ledger import Obstacle
from newsletter.delivery.sender import Desk, Did, Step, deliver
from newsletter.errors import StateError
from newsletter.kit.faults import fp

POLL: Final = 1.0
"""Seconds between two looks for work that somebody else may have brought."""
HOUSEKEEPING: Final = 5.0
DRAIN: Final = 20.0
"""Seconds that calls under way get when the process is asked to stop."""
_log = structlog.get_logger("newsletter.delivery")

Watch = Callable[[Step], None]
"""Told about every step, in the runner's own thread."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Why a run ended: `idle` (nothing left to send), `stopped` (the provider), or `asked`."""

    why: str
    calls: int


@contextmanager
def sole(path: Path) -> Iterator[None]:
    """Hold the sending lock. Raises `StateError` where another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateError(
                f"Another process is sending already (it holds {path}). Stop it first, or let it do the work."
            ) from error
        yield
    finally:
        os.close(handle)


class LocalRunner:
    """Sends what is due through `lanes` threads, until there is nothing left or until it is asked to stop."""

    def __init__(
        self,
        desk: Desk,
        lanes: int,
        lock: Path,
        watch: Watch | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._desk, self._lanes, self._lock = desk, lanes, lock
        self._watch = watch or (lambda _step: None)
        self._wait = wait

    def run_until_idle(self, stop: threading.Event | None = None, campaign_id: int | None = None) -> Rest:
        """Send until nothing ready is left (of one campaign, or of all), waiting for what is due later."""
        return self._run(stop or threading.Event(), campaign_id, ends=True)

    def run_forever(self, stop: threading.Event) -> Rest:
        """Send whatever becomes due, until `stop` is set."""
        return self._run(stop, None, ends=False)

    def _run(self, stop: threading.Event, campaign_id: int | None, *, ends: bool) -> Rest:
        with sole(self._lock):
            with self._desk.database.write() as session:
                recovered = ledger.recover(session, self._desk.clock.now())
            if recovered:
                _log.warning("recovered", unknown=recovered)
            run = _Run(self._desk, self._watch, stop, campaign_id)
            return run.run(self._lanes, self._wait or stop.wait, ends=ends)


class _Run:
    """One run: what is under way, and when to look again. Everything but the lanes happens in the caller's thread."""

    def __init__(self, desk: Desk, watch: Watch, stop: threading.Event, campaign_id: int | None) -> None:
        self._desk, self._watch, self._stop, self._campaign_id = desk, watch, stop, campaign_id
        self._orders: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[int, Step | Exception]] = queue.SimpleQueue()
        self._backlog: deque[int] = deque()
        self._under_way: set[int] = set()
        self._quiet_until: datetime | None = None
        self._is_stopped = False
        self._kept_house_at = desk.clock.elapsed()
        self._calls = 0

    def run(self, lanes: int, wait: Callable[[float], object], *, ends: bool) -> Rest:
        threads = [threading.Thread(target=self._lane, daemon=True, name=f"lane-{n}") for n in range(lanes)]
        for thread in threads:
            thread.start()
        try:
            why = self._loop(lanes, wait, ends=ends)
        finally:
            self._drain(threads)
        return Rest(why, self._calls)

    def _loop(self, lanes: int, wait: Callable[[float], object], *, ends: bool) -> str:
        while not self._stop.is_set():
            self._keep_house()
            self._fill(lanes)
            if self._under_way:
                self._take_result(self._pause())
                continue
            self._finish()
            if ends and (why := self._reason_to_rest()) is not None:
                return why
            wait(self._pause())
        return "asked"

    def _lane(self) -> None:
        while (batch_id := self._orders.get()) is not None:
            try:
                result: Step | Exception = deliver(self._desk, batch_id)
            except Exception as error:  # noqa: BLE001 -- a lane outlives whatever one batch meets; the batch stays as it is
                _log.error("lane-failed", batch=batch_id, error=type(error).__name__)
                result = error
            self._results.put((batch_id, result))

    def _fill(self, lanes: int) -> None:
        """Give idle lanes something to do, unless everything shall be quiet."""
        now = self._desk.clock.now()
        if self._is_stopped or (self._quiet_until is not None and self._quiet_until > now):
            return
        self._quiet_until = None
        if not self._backlog and len(self._under_way) < lanes:
            with self._desk.database.read() as session:
                found = ledger.due(session, now, lanes * 8, self._campaign_id)
            self._backlog.extend(batch for batch in found if batch not in self._under_way)
        while self._backlog and len(self._under_way) < lanes:
            batch_id = self._backlog.popleft()
            self._under_way.add(batch_id)
            self._orders.put(batch_id)

    def _take_result(self, timeout: float) -> None:
        try:
            batch_id, result = self._results.get(timeout=timeout)
        except queue.Empty:
            return
        self._under_way.discard(batch_id)
        if isinstance(result, Exception):
            self._be_quiet(self._desk.clock.now() + timedelta(seconds=POLL))
            return
        self._heed(result)
        self._watch(result)
        fp("15")

    def _heed(self, step: Step) -> None:
        """What one step means for the next ones."""
        self._calls += step.did is Did.CALLED
        if step.why == Obstacle.STOPPED:
            self._is_stopped = True
        if step.why == Obstacle.RATE and step.until is not None:
            self._be_quiet(step.until)
        elif step.why:  # paused, stopped or taken: what was due a moment ago may not be any more
            self._backlog.clear()

    def _be_quiet(self, until: datetime) -> None:
        self._quiet_until = max(until, self._quiet_until or until)
        self._backlog.clear()

    def _keep_house(self) -> None:
        """Calls past their deadline become unknown, settled campaigns finish, and a stop may be over."""
        if self._desk.clock.elapsed() - self._kept_house_at < HOUSEKEEPING:
            return
        self._kept_house_at = self._desk.clock.elapsed()
        self._is_stopped = False
        with self._desk.database.write() as session:
            ledger.expire(session, self._desk.clock.now())
        self._finish()

    def _finish(self) -> None:
        with self._desk.database.read() as session:
            settled = ledger.settled_campaigns(session)
        for campaign_id in settled:
            try:
                with self._desk.database.write() as session:
                    ledger.finish(session, campaign_id, self._desk.clock.now())
            except StateError as error:  # one campaign whose sums do not close must not keep the others from going out
                _log.error("campaign-paused", campaign=campaign_id, reason=str(error))
                with self._desk.database.write() as session:
                    ledger.pause(session, campaign_id, str(error))

    def _reason_to_rest(self) -> str | None:
        if self._is_stopped:
            return "stopped"
        return "idle" if self._quiet_until is None and self._next_due() is None else None

    def _pause(self) -> float:
        """Seconds until something may have changed, one at most."""
        if self._under_way and self._quiet_until is None:
            return POLL  # a result is what changes things now
        moment = self._quiet_until or self._next_due()
        ahead = POLL if moment is None else (moment - self._desk.clock.now()).total_seconds()
        return min(max(ahead, 0.01), POLL)

    def _next_due(self) -> datetime | None:
        with self._desk.database.read() as session:
            return ledger.next_due(session, self._campaign_id)

    def _drain(self, threads: list[threading.Thread]) -> None:
        """Let calls under way end; those that don't in time are unknown, and say so."""
        fp("25")
        for _ in threads:
            self._orders.put(None)
        ends_at = time.monotonic() + DRAIN
        for thread in threads:
            thread.join(max(ends_at - time.monotonic(), 0))
        while not self._results.empty():
            self._take_result(0)
        if any(thread.is_alive() for thread in threads):
            with self._desk.database.write() as session:
                given_up = ledger.abandon(session, self._desk.worker, self._desk.clock.now())
            _log.warning("abandoned", unknown=given_up)
