"""What a transport promises: one message, one attempt, one outcome, and never an exception for what the wire did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from newsletter.delivery.message import Message
from newsletter.delivery.states import WireClass

MAX_MESSAGE_ID: Final = 128
"""Characters that the ledger has room for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known after one attempt."""

    wire: WireClass
    message_id: str | None = None
    status: int | None = None
    detail: str | None = None
    """The provider's words, or ours, without any address."""
    named: tuple[int, ...] = ()
    """Indexes into the message's recipients that a refusal named."""
    retry_at: datetime | None = None
    """When a throttling provider wants to be asked again."""

    def __post_init__(self) -> None:
        """Cut an id that no provider documents this long: it must never keep a result from being stored."""
        if self.message_id is not None:
            object.__setattr__(self, "message_id", self.message_id[:MAX_MESSAGE_ID])


class Transport(Protocol):
    """Hands messages to whoever delivers them. One object is shared by all lanes."""

    name: str
    """Key of the provider's row in the ledger: rate and stops are counted under it."""
    max_recipients: int
    """Readers per request, at most."""

    def submit(self, message: Message) -> Outcome:
        """Make one attempt. The message passed `check` before; its intent is stored and synced."""
        ...

    def close(self) -> None:
        """Let go of connections. Calling it twice does nothing more."""
        ...
