"""Each warning has a remedy, in the product and in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from newsletter.ingest import report
from newsletter.issues.content import Content

ROOT = Path(__file__).parents[2]


def codes_in_the_parser() -> set[str]:
    """Codes as the parser's source spells them: the first argument of `warn`, of a warning, or a yielded one."""
    found: set[str] = set()
    for path in (ROOT / "newsletter" / "ingest" / "trendwatch").glob("*.py"):
        found |= set(re.findall(r'(?:warn\(|SourceWarning\(|yield )\s*"([a-z]+-[a-z-]+)"', path.read_text("utf-8")))
    return found


def test_every_code_has_a_remedy_and_no_remedy_is_left_over() -> None:
    assert codes_in_the_parser() == set(report.REMEDIES)


def test_the_documentation_explains_every_code_and_no_other() -> None:
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(report.REMEDIES)


def test_the_figures_of_an_issue_stand_on_one_line(sample: Content) -> None:
    assert report.figures(sample) == (
        "기술 동향 브리핑 2026-18: 9 articles (1/4/4), 8 clippings, 7 tables, 9 references, 11 warnings"
    )


def test_a_warning_says_where_what_and_what_to_do(sample: Content) -> None:
    lines = list(report.lines(sample))
    assert len(lines) == len(sample.warnings)
    assert lines[0].startswith("line 169 · join-guessed · issue-focus-1 · ")
    assert all(line.endswith(".") and "\n" not in line for line in lines)
