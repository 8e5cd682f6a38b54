"""A whole campaign into a sink that accepts at once, against a floor that does only the unavoidable.

The floor inserts as many rows in one statement, and serialises and posts as many bodies of the same size over one kept
connection. It knows no readers, no rule and no ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import httpx
import orjson
from pydantic import SecretStr
from sqlalchemy import text

from benchmarks.timing import Measured, once
from newsletter.bootstrap import Product, open_product
from newsletter.cli.sample_readers import write_sample_readers
from newsletter.jobs import campaigns, issues, lists, readers, sending
from newsletter.jobs.campaigns import NewCampaign
from newsletter.jobs.issues import Readying
from newsletter.jobs.lists import NewList
from newsletter.jobs.planning import Planned, plan
from newsletter.jobs.readers import FileImport
from newsletter.migrations.run import upgrade
from newsletter.settings import Settings, TransportName
from subscribers.models import ListKind

SELECTIONS = 300
BYTES_PER_READER = 700
BYTES_OF_CONTENT = 60_000


class Sink(BaseHTTPRequestHandler):
    """Reads a request and accepts it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """202, always."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("X-Message-Id", "bench")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def measure(directory: Path, count: int, batch_size: int) -> Iterator[Measured]:
    """Import, plan (with freeze) and send, each beside its floor."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    product = _product(directory, address, batch_size)
    try:
        yield from _measure(product, directory, address, count)
    finally:
        product.close()
        server.shutdown()
        server.server_close()


def _measure(product: Product, directory: Path, address: str, count: int) -> Iterator[Measured]:
    lists.create(product, NewList("digest", "브리핑", "Briefing", ListKind.INFORMATION))
    sample = Path(str(files("newsletter") / "sample" / "trend-briefing-2026-18.txt"))
    key = issues.import_issue(product, sample, "digest").stored.content.key
    issues.make_ready(product, key, Readying(accept_suggestions=True))
    write_sample_readers(directory / "readers.csv", count, SELECTIONS)
    insert = once(lambda: _bare_insert(product, count))
    imported = once(lambda: readers.import_file(product, "digest", FileImport(directory / "readers.csv")))
    yield Measured(f"import {count:,} readers / bare insert", imported, insert)
    campaign = campaigns.create(product, NewCampaign(key))
    assert campaign.id is not None
    campaign_id = campaign.id
    planned: list[Planned] = []
    planning = once(lambda: planned.append(plan(product, campaign_id)))
    yield Measured(f"plan and freeze, {planned[0].variants} variants / bare insert", planning, insert)
    campaigns.start(product, campaign_id)
    sent = once(lambda: sending.send_until_idle(product, campaign_id))
    floor = once(lambda: _bare_posts(address, planned[0].frozen.batches, planned[0].frozen.deliveries))
    yield Measured(f"send {planned[0].frozen.batches} requests / bare posts", sent, floor)


def _product(directory: Path, address: str, batch_size: int) -> Product:
    settings = Settings(
        state_dir=directory / "state",
        database_url=SecretStr(f"sqlite:///{directory / 'bench.sqlite'}"),
        transport=TransportName.SANDBOX,
        sandbox_url=address,
        batch_size=batch_size,
        rate_per_second=100_000,
    )
    product = open_product(settings)
    upgrade(product.database)
    return product


def _bare_insert(product: Product, count: int) -> None:
    """As many rows of a delivery's width, in one statement."""
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {int(count)})"  # noqa: S608 -- a number
    with product.database.write() as session:
        session.execute(text("CREATE TABLE floor (a INTEGER, b INTEGER, c INTEGER, d INTEGER, PRIMARY KEY (a, b))"))
        session.execute(text(f"INSERT INTO floor {rows} SELECT 1, i, i, i FROM n"))  # noqa: S608 -- as above
        session.execute(text("DROP TABLE floor"))


def _bare_posts(address: str, requests: int, readers_count: int) -> None:
    """As many bodies of the same size, serialised and posted over one kept connection."""
    per_request = max(1, readers_count // requests)
    reader = {"to": [{"email": "reader@example.com"}], "substitutions": {"-a-": "x" * (BYTES_PER_READER - 80)}}
    body = {"personalizations": [reader] * per_request, "content": [{"value": "x" * BYTES_OF_CONTENT}]}
    with httpx.Client(base_url=address, trust_env=False) as http:
        for _ in range(requests):
            http.post("/v3/mail/send", content=orjson.dumps(body)).raise_for_status()
