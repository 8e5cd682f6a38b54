"""How SendGrid writes a batch of events: one JSON array, CRLF after each event's comma and after the bracket.

Whoever strips or re-serialises such a body breaks its signature; that is why the stand-in frames as the service does.
"""

from collections.abc import Iterable
from typing import Final

MAX_BATCH: Final = 768 * 1024
"""Bytes after which SendGrid posts a batch without waiting for the time."""


def framed(events: Iterable[bytes]) -> bytes:
    """The raw body, to be signed as it is."""
    return b"[" + b",\r\n".join(events) + b"]\r\n"
