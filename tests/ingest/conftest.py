"""Issues for the tests of ingest, and a check of the account that believes no claim of the parser."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from newsletter.ingest.trendwatch import Segment, parse
from newsletter.issues.content import Block, Content, Item, Table

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "newsletter" / "sample" / "trend-briefing-2026-18.txt"
VARIANTS = tuple(sorted((ROOT / "tests" / "samples").glob("*.txt")))

SAMPLE_CATEGORIES = [
    ("신소재",),
    ("신소재",),
    ("배터리",),
    ("순환경제",),
    ("순환경제", "신소재"),
    ("에너지", "모빌리티"),
    ("로봇",),
    ("AI",),
]
REAL_CATEGORIES = [
    ("신소재",),
    ("신소재",),
    ("배터리",),
    ("순환경제",),
    ("순환경제", "신소재"),
    ("순환경제",),
    ("에너지", "전기차"),
    ("AI",),
]

_PAGE_MARK = re.compile(r"(?:[ivxl]+|\d+)❚|❚(?:[ivxl]+|\d+)")
_HEADS = {"구분주요내용페이지", "분류기술명주요내용출처", "요약"}
_SIGN = re.compile(r"[-–−∙•※▘▗]+|\*+|[(（](?:참고|출처)[:：]|\d{1,4}")


class Audit(Protocol):
    """Names each line whose letters are not where the trace says; an empty list is a true account."""

    def __call__(self, text: str, content: Content, trace: Iterable[Segment]) -> list[str]: ...


@dataclass(frozen=True)
class Expected:
    """What an issue holds; the damaged and mismatching lines are those of the text itself."""

    text: str
    rows: list[int]
    damaged: list[int]
    mismatches: list[int]
    suggestions: int
    categories: list[tuple[str, ...]]
    """Of the clippings, in their order; where summary and table differ, the summary's first."""


@pytest.fixture(scope="session")
def sample_text() -> str:
    return SAMPLE.read_text("utf-8")


@pytest.fixture(scope="session")
def sample(sample_text: str) -> Content:
    return parse(sample_text)


@pytest.fixture(scope="session")
def january() -> Content:
    return parse((ROOT / "tests" / "samples" / "trend-briefing-2025-01.txt").read_text("utf-8"))


@pytest.fixture(scope="session")
def partial() -> Content:
    return parse((ROOT / "tests" / "samples" / "trend-briefing-2024-07.txt").read_text("utf-8"))


@pytest.fixture(scope="session")
def expected(real_issue: Path | None, sample_text: str) -> Expected:
    """The real issue where there is one, else our own sample in the same layout."""
    if real_issue is None:
        return Expected(sample_text, [5, 3, 6, 2, 3, 2, 5], [531, 534, 581], [830, 877], 9, SAMPLE_CATEGORIES)
    text = real_issue.read_text("utf-8")
    return Expected(text, [6, 3, 7, 2, 4, 3, 5], [634, 649, 704, 715], [1048, 1139], 11, REAL_CATEGORIES)


@pytest.fixture(scope="session")
def audit() -> Audit:
    return _audit


def _audit(text: str, content: Content, trace: Iterable[Segment]) -> list[str]:
    pools = _pools(content)
    told = "".join(_squash(warning.message) for warning in content.warnings)
    found: list[str] = []
    claimed: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for segment in trace:
        claimed[segment.line].update(segment.letters)
        if not _is_true(segment, pools, told, content):
            found.append(f"line {segment.line}: {segment.fate} {segment.place}: {segment.letters}")
    for number, line in enumerate(text.split("\n"), start=1):
        missing = Counter(_squash(line)) - claimed[number]
        if missing:
            found.append(f"line {number}: nobody claims {''.join(missing.elements())}")
    return found


def _squash(text: str) -> str:
    return "".join(text.split())


def _is_true(segment: Segment, pools: dict[str, str], told: str, content: Content) -> bool:
    letters = segment.letters
    if segment.fate == "content":
        # the bracket that closes a reference is form
        return any(form in pools.get(segment.place, "") for form in (letters, letters.removesuffix(")")))
    if segment.fate == "warning":
        return Counter(letters) <= Counter(told)
    titles = {_squash(section.title) for section in content.sections}
    is_form = letters in _HEADS | titles or _PAGE_MARK.fullmatch(letters) or _SIGN.fullmatch(letters)
    return bool(is_form) or any(letters in again for again in _repeated(segment.place, content))


def _repeated(place: str, content: Content) -> Iterator[str]:
    """What may stand in the text a second time, and is kept once: names of items, heads of tables."""
    for item in content.items:
        if place == "repeated name":
            yield _squash("".join((*item.categories, item.title)))
            yield _squash(
                f"{item.title}({item.source.country or ''}{item.source.organisation},{item.source.date_text})"
            )
        elif place == "table head":
            yield from (_squash("".join(part.columns)) for part in item.body if isinstance(part, Table))


def _pools(content: Content) -> dict[str, str]:
    """All letters of each item, section and the masthead, by the place that a trace names."""
    pools = {item.id: _squash("".join(_letters(item))) for item in content.items}
    for section in content.sections:
        pools[section.key] = _squash(section.title)
    pools["masthead"] = _squash(f"{content.publication}{content.year}년{content.number}호요약")
    return pools


def _letters(item: Item) -> Iterator[str]:
    source = item.source
    name = f"{source.country or ''}{source.organisation}"
    yield f"{item.title}({', '.join(filter(None, (name, source.date_text)))})"
    yield f"({''.join(item.categories[:1])}){item.title}"
    yield f"{''.join(item.categories)}|{name}({source.date_text})|{item.summary}|{item.reference}"
    for block in item.body:
        yield from _of_table(block) if isinstance(block, Table) else _of_block(block)


def _of_table(table: Table) -> Iterator[str]:
    yield f"{table.caption}{''.join(table.columns)}"
    for row in table.rows:
        yield "".join(row.labels)
        for cell in row.cells:
            for block in cell:
                yield from _of_block(block)


def _of_block(block: Block) -> Iterator[str]:
    yield "*" * (block.level + 1) if block.kind == "footnote" else ""  # stars between footnotes on one line
    yield block.text
