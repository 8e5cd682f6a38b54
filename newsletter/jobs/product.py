"""The running product: the parts that every use-case is handed, put together by `newsletter.bootstrap`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.db import Database
from newsletter.delivery.transports.base import Transport
from newsletter.kit.clock import Clock
from newsletter.kit.tokens import KeyRing
from newsletter.settings import Settings

Progress = Callable[[str, int, int], None]
"""(what is being done, how far, of how much): called often, must be cheap."""


def silent(_what: str, _done: int, _total: int) -> None:
    """A progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Product:
    """What the site, the commands and the clock share."""

    settings: Settings
    database: Database
    clock: Clock
    keys: KeyRing
    open_transport: Callable[[], Transport]

    def close(self) -> None:
        """Close the database connections."""
        self.database.dispose()
