"""Reads an issue written from scratch: a TOML head between `+++`, then headings. `docs/formats.md` has the form.

A subset of Markdown on purpose: what it can say is exactly what the content of an issue can hold. A line that
means nothing here is an error that names the line, since the writer is at hand to correct it.
"""

from __future__ import annotations

import tomllib
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsletter.errors import NotAnIssue
from newsletter.ingest.markdown_items import ItemReader, Numbered
from newsletter.issues.content import Content, Item

FENCE = "+++"
MAX_LINES = 50_000


class _Head(BaseModel):
    """The TOML head."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    publication: str = Field(min_length=1, max_length=200)
    year: int = Field(ge=1900, le=2100)
    number: int = Field(ge=1, le=9999)
    published_on: date | None = None
    note: str | None = None


def parse(text: str) -> Content:
    """The content of the issue. Raises `NotAnIssue` naming the line of the first fault."""
    lines = [Numbered(n, line) for n, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1)]
    if len(lines) > MAX_LINES:
        raise NotAnIssue(f"This Markdown is not an issue: it has more than {MAX_LINES:,} lines.")
    head, body = _divide(lines)
    reader = ItemReader()
    for line in body:
        reader.take(line)
    sections, items = reader.finish()
    if not items:
        raise NotAnIssue("This Markdown holds no item. Write '# Section' and below it '## Title' (docs/formats.md).")
    _require_own_ids(items)
    return Content(
        head.publication, head.year, head.number,
        published_on=head.published_on.isoformat() if head.published_on else None, note=head.note,
        sections=tuple(sections), items=tuple(items),
    )  # fmt: skip


def _divide(lines: list[Numbered]) -> tuple[_Head, list[Numbered]]:
    """The head between the first two `+++`, and the lines below it."""
    fences = [place for place, line in enumerate(lines) if line.text.strip() == FENCE][:2]
    if len(fences) < 2 or any(line.text.strip() for line in lines[: fences[0]]):
        raise NotAnIssue("This Markdown has no head. Begin it with +++, publication, year and number, and +++ again.")
    source = "\n".join(line.text for line in lines[fences[0] + 1 : fences[1]])
    try:
        head = _Head.model_validate(tomllib.loads(source))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NotAnIssue(
            f"The head of this Markdown is not right: {place}: {first['msg']} (docs/formats.md)."
        ) from error
    except (ValueError, RecursionError) as error:
        raise NotAnIssue(f"The head of this Markdown is not TOML: {error} (docs/formats.md).") from error
    return head, lines[fences[1] + 1 :]


def _require_own_ids(items: list[Item]) -> None:
    """Two items may not share an id."""
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise NotAnIssue(f"The id '{item.id}' stands twice in this Markdown. Give '{item.title}' another one.")
        seen.add(item.id)
