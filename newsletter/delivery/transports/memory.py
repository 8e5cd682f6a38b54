"""A transport that keeps what it is handed: for previews, trial runs and tests. What happens can be scripted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

from newsletter.delivery.message import MAX_RECIPIENTS, Message
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome

Answer = Outcome | Callable[[Message], Outcome]
TAKEN = Outcome(WireClass.ACCEPTED)
"""Accepted, with a message id of its own."""


class MemoryTransport:
    """Accepts everything, or answers by a script, one answer per request; after the script it accepts."""

    def __init__(
        self, script: Iterable[Answer] = (), *, name: str = "memory", max_recipients: int = MAX_RECIPIENTS
    ) -> None:
        self.name = name
        self.max_recipients = max_recipients
        self.seen: list[Message] = []
        """Every message handed over, whatever came of it."""
        self.accepted: list[Message] = []
        self._script = deque(script)
        self._lock = threading.Lock()

    def submit(self, message: Message) -> Outcome:
        """Keep the message, and answer as the script says."""
        with self._lock:
            self.seen.append(message)
            answer = self._script.popleft() if self._script else TAKEN
            outcome = answer(message) if callable(answer) else answer
            if outcome.wire is not WireClass.ACCEPTED:
                return outcome
            self.accepted.append(message)
            return Outcome(WireClass.ACCEPTED, outcome.message_id or f"memory-{len(self.accepted)}", 202)

    def close(self) -> None:
        """Nothing is held open; what was kept stays."""
