"""From what the summary and the body say about each item to the content of the issue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.ingest.trendwatch.account import Account
from newsletter.ingest.trendwatch.dates import last_day, read_day, year_of
from newsletter.ingest.trendwatch.drafts import Draft
from newsletter.ingest.trendwatch.pages import Masthead
from newsletter.ingest.trendwatch.sections import CLIPPING
from newsletter.ingest.trendwatch.sources import Tail
from newsletter.ingest.trendwatch.summary import Entry
from newsletter.issues.content import Item, ItemKind, Source


@dataclass(frozen=True, slots=True)
class Found:
    """One item as the body has it; `draft` is `None` for an item that stands in the summary alone."""

    entry: Entry
    draft: Draft | None
    tail: Tail | None = None
    category: str = ""
    line: int | None = None
    is_clipping: bool = False


def assemble(found: Found, masthead: Masthead, account: Account) -> Item:
    """The finished item. The summary's title, source, date and first category win."""
    entry, draft = found.entry, found.draft
    if draft is None:
        account.warn("body-missing", f"'{entry.title}' stands in the summary only.", line=entry.line, item=entry.id)
    categories = tuple(dict.fromkeys(filter(None, (entry.category, found.category))))
    reference = draft.reference if draft else ""
    is_clipping = found.is_clipping or bool(entry.category) or entry.section.key == CLIPPING
    kind: ItemKind = "clipping" if is_clipping else "article"
    return Item(
        id=entry.id, kind=kind, section=entry.section.key, title=entry.title, summary=entry.summary, page=entry.page,
        categories=categories, source=_source(found, reference, masthead, account), reference=reference,
        body=tuple(draft.body) if draft else (),
    )  # fmt: skip


def _source(found: Found, reference: str, masthead: Masthead, account: Account) -> Source:
    """Country, organisation and date, from the summary where it has them."""
    tail = found.entry.tail or found.tail
    if tail is None:
        return Source()
    day = read_day(tail.date_text)
    year = year_of(day, last_day(reference), masthead.year, masthead.number) if day else masthead.year
    date = day.iso(year) if day else None
    line = found.entry.line if found.entry.tail else found.line
    if date is None:
        account.warn("date-unreadable", f"'{tail.date_text}' is no date.", line=line, item=found.entry.id)
    _compare(found, account)
    return Source(tail.country, tail.organisation, date, tail.date_text)


def _compare(found: Found, account: Account) -> None:
    """Warn where the body's source differs from the summary's."""
    kept, other = found.entry.tail, found.tail
    if kept is None or other is None:
        return
    says = f"The body says '{other.printed}', the summary '{kept.printed}' (kept)."
    for code in _differences(kept, other):
        account.warn(code, says, line=found.line, item=found.entry.id)


def _differences(kept: Tail, other: Tail) -> Iterator[str]:
    if (kept.country, kept.organisation) != (other.country, other.organisation):
        yield "source-mismatch"
    if read_day(kept.date_text) != read_day(other.date_text):
        yield "date-mismatch"
    elif kept.date_text != other.date_text:
        yield "date-form"
