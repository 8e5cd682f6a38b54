"""Reads an issue in the layout of the published digest, as text taken out of its pages.

Pure: text in, content out. `docs/formats.md` describes the layout; `parse` raises `NotAnIssue` where a text is none,
and never anything else. What it can't place becomes a warning with its line.
"""

from __future__ import annotations

from newsletter.ingest.trendwatch.account import Segment
from newsletter.ingest.trendwatch.issue import parse, parse_with_trace

__all__ = ["Segment", "parse", "parse_with_trace"]
