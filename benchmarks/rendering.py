"""What a variant and a reader cost, against one plain join of strings and one whole compile."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from benchmarks.timing import Measured, fastest
from newsletter.ingest.reader import read_issue
from newsletter.issues.content import Placement
from newsletter.rendering.links import Links
from newsletter.rendering.look import Look, Publisher
from newsletter.rendering.personal import Personal, fill, substitutions
from newsletter.rendering.renderer import Renderer

NONCE = "0123abcd"
PERSONAL = Personal("고르신 정책 동향 · AI", "preferences-token", "unsubscribe-token", "web-copy-token")


def measure() -> Iterator[Measured]:
    """Join a variant against a whole compile; a reader's values against filling a mail with them."""
    issue = read_issue(Path(str(files("newsletter") / "sample" / "trend-briefing-2026-18.txt")))
    publisher = Publisher("기술 동향 브리핑", "Technology Briefing", "Briefing", "digest@example.com")
    links = Links("https://news.example.com", "digest", issue.key, "ref")
    renderer = Renderer(issue, Look("ko", "aggregate", publisher, links, NONCE))
    everything = tuple(Placement(item.id, "full") for item in issue.items)
    rendered = renderer.variant(everything)
    values = substitutions(NONCE, PERSONAL, "aggregate")
    joined = fastest(lambda: [renderer.variant(everything) for _ in range(50)]) / 50
    compiled = fastest(lambda: renderer.whole(everything, PERSONAL))
    yield Measured("join a variant of 17 items / compile it whole", joined, compiled)
    mine = fastest(lambda: [substitutions(NONCE, PERSONAL, "aggregate") for _ in range(500)]) / 500
    filled = fastest(lambda: [fill(rendered.html, values) for _ in range(50)]) / 50
    yield Measured("a reader's substitutions / filling the mail", mine, filled)
