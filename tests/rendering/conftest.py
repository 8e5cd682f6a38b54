"""Our own sample issue, a look, readers, and issues full of text that wants to break out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from newsletter.ingest.reader import read_issue
from newsletter.issues import content_json
from newsletter.issues.content import Block, BlockKind, Content, Item, ItemKind, Placement, Row, Section, Source, Table
from newsletter.rendering.links import Links
from newsletter.rendering.look import Language, Look, Publisher, Tracking
from newsletter.rendering.personal import Personal

SAMPLE = Path(__file__).with_name("sample.json")
NONCE = "0123456789abcdef"

HOSTILE = (
    "</mj-text>",
    '<mj-include path="/etc/passwd" />',
    "<![endif]-->",
    "<!--",
    "-->",
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    "{{",
    "@@0123:i1@@",
    "zq0123n00qz",
    "-nl00000000_picks_h-",
    '"',
    "'",
    '" onload="alert(1)',
    "\\",
    "\\u{1f600}",
    "a\\nb",
    "👩‍👩‍👧‍👦",
    "☀️",
    "e\u0301\u0323",
    "줄\r\n바꿈",
    "\r",
    "\t\v\f",
    "\x00\x07\x1b[31m",
    "\x92",
    "\ud83d",
    "\ufffe",
    "\u202eRTL",
    "\u2066섬\u2069",
    "\u00a0",
    "\u3000",
    "\u200b",
    "&nbsp;",
    "&amp;lt;",
    "&#39;",
    "<3",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]>",
    "%x% [x] <%x%>",
    "",
    " ",
    "가" * 300,
    "한국어 문장이 하나 있다.",
)

MakeLook = Callable[..., Look]
Choose = Callable[[Content, random.Random], list[Placement]]


@pytest.fixture(scope="session")
def sample() -> Content:
    """Our own issue: seventeen items in four sections, with tables, notes and damaged text."""
    return content_json.load(SAMPLE.read_bytes())


@pytest.fixture(scope="session")
def issue(real_issue: Path | None, sample: Content) -> Content:
    """The issue that promises are checked on: a real one where this machine has it, else our own sample."""
    return sample if real_issue is None else read_issue(real_issue)


@pytest.fixture
def make_look() -> MakeLook:
    """A look of our publication; keyword arguments change it."""

    def make(language: Language = "ko", tracking: Tracking = "aggregate", **changes: Any) -> Look:  # noqa: ANN401 -- any field of Look
        publisher = Publisher(
            publication="새벽기술 소식",
            publication_en="Daybreak Technology News",
            from_name="새벽기술 소식",
            from_email="news@example.org",
            postal_address="서울특별시 예시구 예시로 1",
            phone="02-000-0000",
        )
        names = {"focus": "In focus", "tech": "Industry", "policy": "Policy", "pieces": "Technology clippings"}
        look = Look(
            language=language,
            tracking=tracking,
            publisher=publisher,
            links=Links("https://news.example.org", "daybreak", "2026-17", "c7"),
            nonce=NONCE,
            section_names=names if language == "en" else {},
            category_names={"에너지": "Energy" if language == "en" else "에너지·탄소중립"},
            why="You subscribed to this list." if language == "en" else "이 목록을 구독하셔서 보내 드립니다.",
        )
        return replace(look, **changes)

    return make


@pytest.fixture
def personal() -> Personal:
    """Alice's values."""
    return Personal("고르신 <정책> · 배터리 & AI", "p" * 40, "u" * 40, "m" * 40, "c" * 40)


@pytest.fixture(scope="session")
def choose() -> Choose:
    """A random choice of items, at least one, in mail order."""

    def choice(content: Content, dice: random.Random) -> list[Placement]:
        full_share, line_share = dice.choice([(1.0, 0.0), (0.5, 0.3), (0.2, 0.5), (0.0, 1.0), (0.1, 0.1)])
        forms: dict[str, str] = {}
        for item in content.items:
            cast = dice.random()
            if cast < full_share:
                forms[item.id] = "full"
            elif cast < full_share + line_share:
                forms[item.id] = "line"
        if not forms:
            forms[dice.choice(content.items).id] = dice.choice(["full", "line"])
        return mail_order(content, forms)

    return choice


@pytest.fixture(scope="session")
def read_page() -> Callable[[str], Page]:
    """Reads an HTML mail as a browser would."""
    return Page


@pytest.fixture(scope="session")
def everything() -> Callable[[Content], list[Placement]]:
    """All items in full."""
    return lambda content: mail_order(content, {item.id: "full" for item in content.items})


@pytest.fixture(scope="session")
def hostile() -> Callable[[int], Content]:
    """An issue whose every text was made to break out; the same number gives the same issue."""
    return lambda seed: HostileWriter(seed).issue()


class Page(HTMLParser):
    """Links, images and texts of an HTML mail, as a browser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.images: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.languages: list[str] = []
        self.feed(html.partition("<body")[2])
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if tag == "a":
            self.links.append(found["href"] or "")
        if tag == "img":
            self.images.append(found["src"] or "")
        if found.get("lang"):
            self.languages.append(found["lang"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


class HostileWriter:
    """Writes one hostile issue."""

    kinds: tuple[BlockKind, ...] = ("paragraph", "bullet", "note", "footnote")
    item_kinds: tuple[ItemKind, ...] = ("article", "clipping")
    sections = ("a", "b", '"<&')

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(seed)  # noqa: S311 -- test data, repeatable

    def issue(self) -> Content:
        sections = tuple(Section(key, self.text()) for key in self.sections)
        items = tuple(self.item(n) for n in range(self.dice.randint(1, 9)))
        return Content(self.text(), 2026, self.seed, self.text(), None, sections, items)

    def item(self, n: int) -> Item:
        source = Source(
            country=self.dice.choice([None, "美", self.text()]),
            organisation=self.text(),
            date=self.dice.choice([None, "2026-02", self.text()]),
            date_text=self.text(),
            url=self.dice.choice([None, "https://example.org/?a=1&b='", self.text()]),
        )
        return Item(
            id=f"{n}/{self.text()}",
            kind=self.dice.choice(self.item_kinds),
            section=self.dice.choice(self.sections),
            title=self.text(),
            summary=self.text(),
            categories=tuple(self.text() for _ in range(self.dice.randint(0, 3))),
            source=source,
            body=(*self.blocks(4), *(self.table() for _ in range(self.dice.randint(0, 2)))),
        )

    def table(self) -> Table:
        rows = (
            Row(tuple(self.text() for _ in range(self.dice.randint(0, 2))), (self.blocks(2),))
            for _ in range(self.dice.randint(0, 3))
        )
        return Table(self.text(), (self.text(), self.text()), tuple(rows))

    def blocks(self, most: int) -> tuple[Block, ...]:
        count = self.dice.randint(0, most)
        return tuple(Block(self.dice.choice(self.kinds), self.dice.randint(0, 2), self.text()) for _ in range(count))

    def text(self) -> str:
        return " ".join(self.dice.choice(HOSTILE) for _ in range(self.dice.randint(0, 4)))


def mail_order(content: Content, forms: dict[str, str]) -> list[Placement]:
    """Articles in full, clippings in full, lines; each in issue order."""
    full = [item for item in content.items if forms.get(item.id) == "full"]
    return [
        *(Placement(item.id, "full") for item in full if item.kind == "article"),
        *(Placement(item.id, "full") for item in full if item.kind == "clipping"),
        *(Placement(item.id, "line") for item in content.items if forms.get(item.id) == "line"),
    ]
