"""The only wiring: settings become the parts that everything else is handed."""

from __future__ import annotations

from functools import partial
from typing import Final

from newsletter.db import Database
from newsletter.delivery.transports.base import Transport
from newsletter.delivery.transports.file import FileTransport
from newsletter.delivery.transports.sendgrid import SendGridTransport
from newsletter.errors import SettingsError
from newsletter.jobs.product import Product
from newsletter.kit.clock import Clock, SystemClock
from newsletter.settings import Settings, TransportName

__all__ = ["Product", "open_product", "open_transport"]

SANDBOX_KEY: Final = "SG.sandbox"
"""What the stand-in wants as its key; it opens nothing."""


def open_product(settings: Settings, clock: Clock | None = None) -> Product:
    """Put the parts together. Opens no connection by itself; raises `SettingsError` for unusable settings."""
    try:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys = settings.key_ring()
    except OSError as error:
        raise SettingsError(f"NEWSLETTER_STATE_DIR can't be used: {error}.") from error
    return Product(
        settings,
        Database(settings.database_address),
        clock or SystemClock(),
        keys,
        partial(open_transport, settings),
    )


def open_transport(settings: Settings) -> Transport:
    """Where mail goes, by `NEWSLETTER_TRANSPORT`. Raises `SettingsError` where its own settings are missing."""
    if settings.transport is TransportName.FILE:
        return FileTransport(settings.file_transport_dir)
    if settings.transport is TransportName.SANDBOX:
        return SendGridTransport(SANDBOX_KEY, settings.sandbox_url, settings.lanes)
    if settings.sendgrid_api_key is None:
        raise SettingsError("NEWSLETTER_SENDGRID_API_KEY is missing: create a key with the Mail Send permission.")
    return SendGridTransport(settings.sendgrid_api_key.get_secret_value(), settings.sendgrid_host, settings.lanes)
