"""What mail programs leave of a mail: R-74, thirty mails through four sanitizers, from lenient to merciless."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from html.parser import HTMLParser

import nh3
import pytest

from newsletter.issues.content import Content
from newsletter.rendering.personal import Personal, fill, substitutions
from newsletter.rendering.renderer import Renderer
from tests.rendering.conftest import Choose, MakeLook

Sanitizer = Callable[[str], str]
LAYOUT = {"style", "align", "width", "height", "bgcolor", "cellpadding", "cellspacing", "border", "role", "lang"}


def strict(mail: str) -> str:
    """Ammonia's own idea of harmless HTML: no styles at all, no layout attributes."""
    return nh3.clean(mail)


def with_inline_styles(mail: str) -> str:
    """Like webmail: no head, no style sheet, no class; inline styles stay."""
    attributes = {
        tag: LAYOUT | ({"href"} if tag == "a" else {"src", "alt"} if tag == "img" else set())
        for tag in nh3.ALLOWED_TAGS
    }
    return nh3.clean(mail, attributes=attributes, link_rel=None)


def without_style_sheets(mail: str) -> str:
    """Like a program that drops whole style blocks and every class, and shows the rest as it stands."""
    return re.sub(r'\s(?:class|id)="[^"]*"', "", re.sub(r"<style\b.*?</style>", "", mail, flags=re.DOTALL))


def without_images(mail: str) -> str:
    """Images are off: what they would have said must stand in `alt`."""
    return re.sub(r'<img\b[^>]*?\balt="([^"]*)"[^>]*>', r"\1", mail)


SANITIZERS: list[Sanitizer] = [strict, with_inline_styles, without_style_sheets, without_images]


class Seen(HTMLParser):
    """Visible words and the links, as a reader meets them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: set[str] = set()
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"style", "head", "script"}
        if tag == "a" and (link := dict(attrs).get("href")):
            self.links.add(link)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "head", "script"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", "", "".join(self.words))


def seen(mail: str) -> Seen:
    page = Seen()
    page.feed(mail)
    return page


@pytest.fixture
def mails(issue: Content, make_look: MakeLook, choose: Choose, personal: Personal) -> list[tuple[str, list[str]]]:
    """Thirty filled mails of six looks, each with the titles it must show."""
    dice = random.Random(30)  # noqa: S311 -- test data, repeatable
    made = []
    for language in ("ko", "en"):
        for tracking in ("aggregate", "individual", "none"):
            renderer = Renderer(issue, make_look(language, tracking))
            values = substitutions(renderer.look.nonce, personal, renderer.look.tracking)
            for _ in range(5):
                placements = choose(issue, dice)
                titles = [issue.item(placement.item).title for placement in placements]
                made.append((fill(renderer.variant(placements).html, values), titles))
    return made


@pytest.mark.parametrize("sanitize", SANITIZERS, ids=lambda one: one.__name__)
def test_every_word_and_link_survives_the_sanitizer(mails: list[tuple[str, list[str]]], sanitize: Sanitizer) -> None:
    assert len(mails) == 30
    for mail, titles in mails:
        whole, left = seen(mail), seen(sanitize(mail))
        assert not re.search(r"\bNone\b|\{\{|\}\}|undefined|@@|-nl[0-9a-f]{8}", left.text)
        assert all(re.sub(r"\s+", "", title) in left.text for title in titles)
        assert {link for link in whole.links if link.startswith("http")} <= left.links
        assert any("/u/" in link for link in left.links), "leaving must always be possible"


def test_a_mail_that_hides_words_in_a_style_sheet_would_be_seen() -> None:
    """Negative control: words made by CSS are gone once the style sheet is."""
    hidden = "<html><head><style>p::after{content:'말'}</style></head><body><p></p></body></html>"
    assert "말" not in seen(without_style_sheets(hidden)).text
