"""Reads the journal at its own pace: lists mails in the inbox and decides what happens to them.

It follows the file and not the requests, so its memory is one line, it can fall behind without slowing the sender, and
after a crash it goes on where it was.
"""

import threading
from collections.abc import Callable
from typing import Any

import orjson

from newsletter.sandbox.journal import Journal
from newsletter.sandbox.mail import Mail, mails_of
from newsletter.sandbox.outcomes import steps_for, suppression_after
from newsletter.sandbox.store import Store
from newsletter.sandbox.telling import Manner, Told, tell


class Follower:
    """One thread between journal and store.

    Args:
        manner: asked for each request, since the switches may change meanwhile; None tells no events.
        keep_mails: whether the inbox is filled.
        told: called after each request with the bytes of its events, so that a full batch need not wait.
    """

    def __init__(
        self,
        journal: Journal,
        store: Store,
        *,
        manner: Callable[[], Manner | None],
        keep_mails: bool,
        told: Callable[[int], None],
    ) -> None:
        self._journal = journal
        self._store = store
        self._manner = manner
        self._keep_mails = keep_mails
        self._told = told
        self._offset = store.progress()
        self._moved = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        """Begin where the last run ended."""
        self._thread.start()

    def stop(self) -> None:
        """End after the line at hand."""
        with self._moved:
            self._stopped = True
            self._moved.notify_all()
        self._thread.join()

    def nudge(self) -> None:
        """There is a new line."""
        with self._moved:
            self._moved.notify_all()

    def wait_until_caught_up(self, seconds: float = 10.0) -> bool:
        """Whether everything accepted before the call has been taken in, waiting up to `seconds`."""
        goal = self._journal.end
        with self._moved:
            return self._moved.wait_for(lambda: self._offset >= goal or self._stopped, seconds)

    def _follow(self) -> None:
        while not self._stopped:
            line = self._journal.read_line(self._offset)
            if line:
                self._take_in(line)
                continue
            with self._moved:
                self._moved.wait_for(lambda: self._stopped or self._offset < self._journal.end, 1.0)

    def _take_in(self, line: bytes) -> None:
        entry: dict[str, Any] = orjson.loads(line)
        mails = list(mails_of(entry))
        after = self._offset + len(line)
        with self._store.transaction():
            self._store.add_request(entry["message_id"], self._offset, len(mails))
            if self._keep_mails:
                self._store.add_mails(mails)
            size = self._tell(mails)
            self._store.advance(after)
        with self._moved:
            self._offset = after
            self._moved.notify_all()
        self._told(size)

    def _tell(self, mails: list[Mail]) -> int:
        manner = self._manner()
        if manner is None:
            return 0
        suppressed = self._store.suppressed([mail.address for mail in mails])
        events: list[Told] = []
        newly: list[tuple[str, str]] = []
        for mail in mails:
            why = suppressed.get(mail.address.lower())
            events += tell(mail, manner, why)
            steps = steps_for(mail.address, suppressed=why is not None, opens_tracked=mail.opens_tracked)
            if reason := suppression_after(steps):
                newly.append((mail.address, reason))
        self._store.add_events(events)
        self._store.suppress(newly)
        return sum(len(one.body) for one in events)
