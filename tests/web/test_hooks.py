from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from newsletter.db import Database
from newsletter.events.inbox import apply_waiting
from newsletter.events.models import Fact, InboxPost
from newsletter.settings import Settings
from newsletter.web.app import create_app
from tests.events.world import SENT_AT
from tests.web.conftest import Served

HOOK = "/webhooks/sendgrid"


def a_body(served: Served) -> bytes:
    event = {
        "event": "delivered",
        "email": served.world.emails[0],
        "timestamp": int(SENT_AT.timestamp()) + 9,
        "nl_delivery_id": served.world.delivery_id(1),
    }
    return b"[" + orjson.dumps(event) + b",\r\n" + orjson.dumps(event) + b"]\r\n"


def posts(database: Database) -> list[bytes | None]:
    with database.read() as session:
        return [post.body for post in session.exec(select(InboxPost))]


def test_a_genuine_post_is_stored_as_it_came_and_applied_later(served: Served) -> None:
    body = a_body(served)
    answer = served.stranger().post(HOOK, content=body, headers=served.signed(body))
    assert (answer.status_code, answer.content) == (200, b"")
    assert posts(served.database) == [body]
    assert apply_waiting(served.database, served.product.clock).new == 1
    with served.database.read() as session:
        assert session.exec(select(Fact)).one().count == 1


def test_what_is_not_signed_by_our_key_is_refused_and_not_stored(sqlite: Served) -> None:
    """S-50."""
    body = a_body(sqlite)
    genuine = sqlite.signed(body)
    foreign = dataclasses.replace(sqlite, key=ec.generate_private_key(ec.SECP256R1()))
    name = "X-Twilio-Email-Event-Webhook-Signature"
    stamp = "X-Twilio-Email-Event-Webhook-Timestamp"
    for headers, content in (
        ({}, body),
        ({name: genuine[name]}, body),
        ({stamp: genuine[stamp]}, body),
        (genuine | {stamp: "1"}, body),
        (genuine, body.strip()),
        (genuine, orjson.dumps(orjson.loads(body))),
        (genuine, b""),
        (foreign.signed(body), body),
    ):
        assert sqlite.stranger().post(HOOK, content=content, headers=headers).status_code == 403
    assert posts(sqlite.database) == []


def test_without_keys_the_webhook_is_closed(sqlite: Served) -> None:
    """S-45: no key, no entrance."""
    settings = Settings(base_url="https://news.example.com", secret_keys=sqlite.product.settings.secret_keys)
    keyless = dataclasses.replace(sqlite, app=create_app(dataclasses.replace(sqlite.product, settings=settings)))
    body = a_body(sqlite)
    assert keyless.stranger().post(HOOK, content=body, headers=sqlite.signed(body)).status_code == 403
    assert posts(sqlite.database) == []


def test_four_megabytes_are_the_limit(sqlite: Served) -> None:
    """S-42."""
    most = b"[" + b" " * ((4 << 20) - 2) + b"]"
    assert sqlite.stranger().post(HOOK, content=most, headers=sqlite.signed(most)).status_code == 200
    more = most + b" "
    assert sqlite.stranger().post(HOOK, content=more, headers=sqlite.signed(more)).status_code == 413
    assert len(posts(sqlite.database)) == 1


def test_an_endless_body_is_cut_off(sqlite: Served) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 << 20:
            sent += 1 << 16
            yield b"x" * (1 << 16)

    assert sqlite.stranger().post(HOOK, content=endless()).status_code == 413
    assert sent <= (4 << 20) + (1 << 17)


def test_a_compressed_body_is_refused(sqlite: Served) -> None:
    """S-41: a bomb is never unpacked."""
    body = a_body(sqlite)
    headers = sqlite.signed(body) | {"Content-Encoding": "gzip"}
    assert sqlite.stranger().post(HOOK, content=body, headers=headers).status_code == 415
    assert posts(sqlite.database) == []


def test_a_database_that_is_gone_is_no_200(sqlite: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """I12: what was answered 2xx is stored; what can't be stored is answered so that SendGrid comes again."""
    body = a_body(sqlite)
    monkeypatch.setattr(Database, "write", _gone)
    assert sqlite.stranger().post(HOOK, content=body, headers=sqlite.signed(body)).status_code == 500


def _gone(_database: Database) -> None:
    raise OSError("disk gone")


_PROGRAM = """
import asyncio, base64, sys
import httpx
import newsletter.tables
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from newsletter.db import Database
from newsletter.jobs.product import Product
from newsletter.kit.clock import SystemClock
from newsletter.settings import Settings
from newsletter.web.app import create_app
url, keys, body, stamp, proof = sys.argv[1:]
settings = Settings(secret_keys="1:" + base64.b64encode(b"k" * 32).decode(), sendgrid_webhook_public_keys=keys)
app = create_app(Product(settings, Database(url), SystemClock(), settings.key_ring(), lambda: None))
async def post():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as client:
        headers = {"X-Twilio-Email-Event-Webhook-Signature": proof, "X-Twilio-Email-Event-Webhook-Timestamp": stamp}
        print((await client.post("/webhooks/sendgrid", content=body.encode(), headers=headers)).status_code)
asyncio.run(post())
"""


def test_a_post_survives_a_kill_before_its_200(served: Served, database_url: str) -> None:
    """FP18: stored, then killed; SendGrid comes again, and once is what counts."""
    body = a_body(served)
    headers = served.signed(body)
    keys = served.product.settings.sendgrid_webhook_public_keys
    arguments = [database_url, keys, body.decode(), headers["X-Twilio-Email-Event-Webhook-Timestamp"]]
    killed = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments, headers["X-Twilio-Email-Event-Webhook-Signature"]],
        env=os.environ | {"NEWSLETTER_FAULT": "18:kill"},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, b""), killed.stderr.decode()
    assert posts(served.database) == [body]
    assert served.stranger().post(HOOK, content=body, headers=headers).status_code == 200
    assert apply_waiting(served.database, served.product.clock).new == 1
