"""Whole ways through the product, over the wire: a product on either database, and a sandbox of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from newsletter.bootstrap import Product, open_product
from newsletter.cli.demo.stand_in import StandIn
from newsletter.settings import Settings, TransportName

BATCH_SIZE = 250
OWN_SAMPLE = Path(__file__).parent.parent.parent / "newsletter" / "sample" / "trend-briefing-2026-18.txt"

MakeProduct = Callable[..., Product]


@pytest.fixture
def published_issue(real_issue: Path | None) -> Path:
    """The real issue where there is one, else our own sample."""
    return real_issue or OWN_SAMPLE


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    """A sandbox that tells its events to nobody until a test asks it to."""
    running = StandIn(tmp_path / "sandbox", "http://127.0.0.1:9/webhooks/sendgrid", 0)
    yield running
    running.stop()


@pytest.fixture
def product(database_url: str, stand_in: StandIn, tmp_path: Path) -> Iterator[Product]:
    """The product on an empty database, sending to the sandbox."""
    parts = open_product(
        Settings(
            state_dir=tmp_path / "state",
            database_url=SecretStr(database_url),
            transport=TransportName.SANDBOX,
            sandbox_url=stand_in.address,
            sendgrid_webhook_public_keys=stand_in.public_key,
            batch_size=BATCH_SIZE,
            rate_per_second=10_000,
            postal_address="1 Sample Street, Seoul",
        )
    )
    yield parts
    parts.close()
