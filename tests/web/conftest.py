"""A site over a campaign that has gone out, and a client that behaves like a browser of its own pages."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from pydantic import SecretStr

from newsletter.db import Database
from newsletter.delivery.compose import mailing_day
from newsletter.delivery.transports.base import Transport
from newsletter.jobs.product import Product
from newsletter.kit.clock import SteppedClock
from newsletter.kit.tokens import Purpose
from newsletter.settings import Settings
from newsletter.web.app import create_app
from tests.events.world import World, a_world

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Example/1.0"
ORIGIN = "https://news.example.com"
_SECRET = "1:" + base64.b64encode(b"k" * 32).decode()


def _no_transport() -> Transport:
    raise AssertionError("a page must not send")


@dataclass(frozen=True)
class Client:
    """Speaks to the app without a socket; each request has its own event loop and follows no redirect."""

    app: FastAPI
    headers: Mapping[str, str]

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 -- as httpx takes them
        return asyncio.run(self._request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 -- as above
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 -- as above
        return self.request("POST", path, **more)

    async def _request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 -- as above
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("192.0.2.77", 5000))
        headers = {**self.headers, **more.pop("headers", {})}
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            return await client.request(method, path, headers=headers, **more)


@dataclass(frozen=True)
class Served:
    """A site, whom it is about, and how to speak to it."""

    app: FastAPI
    product: Product
    world: World
    key: ec.EllipticCurvePrivateKey

    @property
    def database(self) -> Database:
        return self.product.database

    def client(self, **headers: str) -> Client:
        """A browser on our own pages; name headers to be something else."""
        return Client(self.app, {"Origin": ORIGIN, "Accept-Language": "ko", "User-Agent": BROWSER} | headers)

    def stranger(self, **headers: str) -> Client:
        """A program: says nothing of where it comes from."""
        return Client(self.app, headers)

    def reader_id(self, position: int = 1) -> int:
        return self.world.readers[position - 1].id or 0

    def token(self, purpose: Purpose, position: int = 1) -> str:
        """The token of a mail, as the delivery side signs it."""
        campaign, reader = self.world.campaign_id, self.reader_id(position)
        day = mailing_day(self.product.clock.now())
        numbers = {
            Purpose.PREFERENCES: (reader, 0, day),
            Purpose.UNSUBSCRIBE: (reader, campaign, position),
            Purpose.WEB_COPY: (campaign, position),
            Purpose.CLICK: (campaign, position),
            Purpose.CONFIRM: (reader,),
        }[purpose]
        return self.product.keys.sign(purpose, *numbers)

    def signed(self, body: bytes, stamp: str = "1788253200") -> dict[str, str]:
        """The headers of a genuine webhook post."""
        proof = self.key.sign(stamp.encode() + body, ec.ECDSA(SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(proof).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }


Serve = Callable[[Database], Served]


@pytest.fixture(scope="session")
def webhook_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def serve(clock: SteppedClock, tmp_path: Path, webhook_key: ec.EllipticCurvePrivateKey) -> Serve:
    public = webhook_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    settings = Settings(
        state_dir=tmp_path / "state",
        base_url=ORIGIN,
        secret_keys=SecretStr(_SECRET),
        sendgrid_webhook_public_keys=base64.b64encode(public).decode(),
    )

    def build(database: Database) -> Served:
        with database.write() as session:
            world = a_world(session)
        product = Product(settings, database, clock, settings.key_ring(), _no_transport)
        return Served(create_app(product), product, world, webhook_key)

    return build


@pytest.fixture
def served(database: Database, serve: Serve) -> Served:
    """The site on each of the two databases."""
    return serve(database)


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path, serve: Serve) -> Iterator[Served]:
    """The site on SQLite alone: for what has nothing to do with the database."""
    path = tmp_path / "site.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield serve(database)
    database.dispose()
