"""Page furniture: page marks, running heads, the repeated heads of tables, and the masthead that names the issue.

Even pages end in `❚ 2`, odd ones open with a running head and `1 ❚`, or have nothing but one leading space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from newsletter.errors import NotAnIssue
from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.lines import Line

_MARK = re.compile(r"(?:(?P<odd>[ivxl]{1,6}|\d{1,4})\s?❚)|(?:❚\s?(?P<even>[ivxl]{1,6}|\d{1,4}))", re.ASCII)
_MASTHEAD = re.compile(r"(\S.{0,80})\s((?:19|20)\d\d)년\s?제?\s?(\d{1,4})호\s+요약", re.ASCII)
_SUMMARY_HEAD = "구분주요내용페이지"
_CLIPPING_HEAD = "분류기술명주요내용출처"


@dataclass(frozen=True, slots=True)
class Masthead:
    """The line that names the issue."""

    publication: str
    year: int
    number: int
    line: int


@dataclass(frozen=True, slots=True)
class Pages:
    """The lines of an issue without its page marks."""

    summary: tuple[Line, ...]
    body: tuple[Line, ...]
    """What follows the first Arabic page mark; the whole rest where there is none."""
    heads: frozenset[int]
    """Numbers of the lines that stand right before an odd page's mark: running heads."""
    is_divided: bool
    """An Arabic page mark told summary and body apart."""


def read_masthead(lines: Iterable[Line]) -> Masthead:
    """Which issue this is. Raises `NotAnIssue` without that line: nothing else tells an issue from any other text."""
    for line in lines:
        found = _MASTHEAD.fullmatch(line.text) if len(line.text) <= 120 else None
        if found and int(found[3]):
            return Masthead(found[1].strip(), int(found[2]), int(found[3]), line.number)
    raise NotAnIssue(
        "This text is not an issue: no line reads '<publication> <year>년 <number>호 요약'. "
        "Add that line above the summary table, or write the issue in Markdown (docs/formats.md)."
    )


def open_pages(lines: list[Line], masthead: Masthead, account: Account) -> Pages:
    """Take out page marks and mastheads, and divide the summary from the body at the first Arabic page number."""
    kept: list[Line] = []
    heads: set[int] = set()
    division: int | None = None
    turned = False
    for line in lines:
        mark = _MARK.fullmatch(line.text)
        if mark is None:
            kept += [replace(line, fresh=line.fresh or turned)] if not _is_masthead(line, masthead, account) else []
            turned = False
            continue
        account.furniture(line, line.text, "page mark")
        turned = True
        if mark["odd"] and kept:
            heads.add(kept[-1].number)
        if division is None and (mark["odd"] or mark["even"]).isdigit():
            division = max(len(kept) - bool(mark["odd"]), 0)
    cut = len(kept) if division is None else division
    return Pages(tuple(kept[:cut]), tuple(kept[cut:]), frozenset(heads), division is not None)


def _is_masthead(line: Line, masthead: Masthead, account: Account) -> bool:
    """Take the line that names the issue, and its repetitions."""
    found = _MASTHEAD.fullmatch(line.text) if len(line.text) <= 120 else None
    if found is None or (found[1].strip(), int(found[2]), int(found[3])) != (
        masthead.publication,
        masthead.year,
        masthead.number,
    ):
        return False
    account.content(line, line.text, "masthead")
    return True


def is_summary_head(line: Line) -> bool:
    """The head of the summary table."""
    return line.letters == _SUMMARY_HEAD


def is_clipping_head(line: Line) -> bool:
    """The head of the clipping table."""
    return line.letters == _CLIPPING_HEAD
