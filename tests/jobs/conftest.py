"""A product whose transport is memory, on either database, with a small issue and the readers of tests.builders."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.db import Database
from newsletter.delivery.transports.memory import MemoryTransport
from newsletter.issues.content import Block, Content, Item, Section, Source
from newsletter.issues.content_json import dump
from newsletter.jobs import issues
from newsletter.jobs.issues import Readying
from newsletter.jobs.product import Product
from newsletter.kit.clock import SteppedClock
from newsletter.kit.tokens import KeyRing
from newsletter.settings import Settings
from subscribers.models import MailingList
from tests.builders import a_list

KEYS = KeyRing.parse("1:" + base64.b64encode(b"k" * 32).decode())


def an_item(number: int, section: str, *categories: str) -> Item:
    return Item(
        id=f"{section}-{number}",
        kind="clipping" if section == "clipping" else "article",
        section=section,
        title=f"제목 {section} {number}",
        summary=f"{section} {number}의 요약입니다.",
        categories=categories,
        source=Source(organisation="예시연구소", date="2026-08-20", date_text="8.20"),
        body=(Block("paragraph", 0, f"{section} {number}의 본문 첫 문단입니다."),),
    )


ISSUE = Content(
    "기술 동향 브리핑",
    2026,
    18,
    sections=tuple(
        Section(key, title)
        for key, title in (("issue-focus", "이슈포커스"), ("policy", "정책 동향"), ("clipping", "유망기술 클리핑"))
    ),
    items=(
        an_item(1, "issue-focus", "반도체"),
        an_item(1, "policy", "AI"),
        an_item(2, "policy", "로봇"),
        an_item(1, "clipping", "배터리"),
    ),
)


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def product(database: Database, clock: SteppedClock, transport: MemoryTransport, tmp_path: Path) -> Product:
    settings = Settings(state_dir=tmp_path / "state", rate_per_second=10_000, lanes=2)
    return Product(settings, database, clock, KEYS, lambda: transport)


@pytest.fixture
def digest(product: Product) -> MailingList:
    with product.database.write() as session:
        return a_list(session, slug="digest")


@pytest.fixture
def bring_in(product: Product, digest: MailingList, tmp_path: Path) -> Callable[[Content], str]:
    """Import content and make it ready; returns the issue's key."""

    def bring(content: Content) -> str:
        path = tmp_path / f"{content.key}.json"
        path.write_bytes(dump(content))
        issues.import_issue(product, path, digest.slug)
        issues.make_ready(product, content.key, Readying(accept_new=True))
        return content.key

    return bring
