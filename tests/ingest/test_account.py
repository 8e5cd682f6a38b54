"""Every letter of an issue ends up in the content, in furniture that was recognised, or in a warning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from newsletter.ingest.trendwatch import Segment, parse_with_trace
from newsletter.ingest.trendwatch.drafts import Pen
from newsletter.ingest.trendwatch.joins import Seam
from newsletter.ingest.trendwatch.lines import Line
from newsletter.ingest.trendwatch.runs import Run
from newsletter.issues.content import Block, Content, Table

if TYPE_CHECKING:
    from tests.ingest.conftest import Audit, Expected

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.txt"))


def share_in_warnings(trace: Iterable[Segment]) -> float:
    sizes: Counter[str] = Counter()
    for segment in trace:
        sizes[segment.fate] += len(segment.letters)
    return sizes["warning"] / sizes.total()


def texts(content: Content) -> Iterable[str]:
    for item in content.items:
        yield item.title
        yield item.summary
        for block in item.body:
            if isinstance(block, Block):
                yield block.text
            else:
                yield from (inner.text for row in block.rows for cell in row.cells for inner in cell)


def test_every_letter_of_a_published_issue_is_accounted_for(expected: Expected, audit: Audit) -> None:
    content, trace = parse_with_trace(expected.text)
    assert audit(expected.text, content, trace) == []


def test_at_most_half_a_percent_of_the_letters_stands_in_warnings_alone(expected: Expected) -> None:
    assert share_in_warnings(parse_with_trace(expected.text)[1]) <= 0.005


def test_the_sample_keeps_the_same_account(sample_text: str, audit: Audit) -> None:
    content, trace = parse_with_trace(sample_text)
    assert audit(sample_text, content, trace) == []
    assert share_in_warnings(trace) <= 0.005


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_variant_keeps_a_true_account(path: Path, audit: Audit) -> None:
    text = path.read_text("utf-8")
    assert audit(text, *parse_with_trace(text)) == []


def test_nothing_is_invented(expected: Expected) -> None:
    content, trace = parse_with_trace(expected.text)
    source = "".join(s.letters for s in sorted(trace, key=lambda s: s.line) if s.fate != "furniture")
    assert [text for text in texts(content) if "".join(text.split()) not in source] == []


def test_a_line_that_nothing_explains_becomes_a_warning_with_its_number(sample_text: str) -> None:
    lines = sample_text.split("\n")
    place = next(n for n, line in enumerate(lines) if line.endswith("분류 기술명 주요 내용 출처"))
    lines.insert(place + 1, "※ 어디에도 속하지 않는 줄")
    content, _ = parse_with_trace("\n".join(lines))
    found = [warning for warning in content.warnings if warning.code == "unplaced-text"]
    assert [(warning.line, "속하지 않는 줄" in warning.message) for warning in found] == [(place + 2, True)]


def test_a_parser_that_claims_text_and_loses_it_is_caught(
    expected: Expected, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Run.add

    def losing(self: Run, text: str, line: Line, seam: str = "") -> None:
        whole(self, text[:-1] if len(self.pieces) == 1 else text, line, seam)

    monkeypatch.setattr(Run, "add", losing)
    content, trace = parse_with_trace(expected.text)
    assert len(audit(expected.text, content, trace)) > 50


def test_a_parser_that_drops_a_line_is_caught(expected: Expected, monkeypatch: pytest.MonkeyPatch) -> None:
    def dropping(self: Pen, line: Line, seam: Seam) -> None:
        del self, line, seam

    monkeypatch.setattr(Pen, "go_on", dropping)
    content, trace = parse_with_trace(expected.text)
    assert share_in_warnings(trace) > 0.005
    assert any(warning.code == "unplaced-text" for warning in content.warnings)


def test_a_table_cell_counts_as_content(sample: Content) -> None:
    tables = [block for item in sample.items for block in item.body if isinstance(block, Table)]
    assert all(row.cells[0] for table in tables for row in table.rows)
