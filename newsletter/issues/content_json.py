"""Content as JSON, and the names (digests) of its versions.

`dump` is exactly what `newsletter issue parse FILE --json` prints, and `load` reads it back: an issue can be
corrected by editing that JSON and importing it again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from newsletter.errors import NotAnIssue
from newsletter.issues.content import Block, Content, Item, Row, Section, Source, SourceWarning, Table

for _part in (Block, Row, Table, Source, Section, Item, SourceWarning, Content):
    with_config(ConfigDict(extra="forbid"))(_part)  # a misspelt member is an error, never ignored

_CONTENT = TypeAdapter(Content)
_ITEM = TypeAdapter(Item)


def dump(content: Content) -> bytes:
    """The JSON of an issue, UTF-8, two spaces, one final newline."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def load(data: bytes | str) -> Content:
    """Read what `dump` wrote. Raises `NotAnIssue` naming the place of the first fault."""
    try:
        content = _CONTENT.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise NotAnIssue(
            f"This JSON is not an issue: {place}: {first['msg']}. docs/formats.md shows the form."
        ) from error
    _require_consistency(content)
    return content


def dump_item(item: Item) -> bytes:
    """One item as compact JSON: what an item version stores."""
    return orjson.dumps(item)


def load_item(data: bytes | str) -> Item:
    """Read what `dump_item` wrote; raises `pydantic.ValidationError` on anything else."""
    return _ITEM.validate_json(data)


def item_digest(item: Item) -> str:
    """Name of this item version: equal content, equal digest (64 hexadecimal characters)."""
    return hashlib.sha256(dump_item(item)).hexdigest()


def content_digest(content: Content) -> str:
    """Name of this issue version: equal issues, equal digest.

    Warnings are about the source, not the issue, and do not count; but text is damaged by its warning alone, and what
    is damaged stays out of emails.
    """
    damaged = {(one.item or "", one.text) for one in content.warnings if one.code == "damaged-text" and one.text}
    return hashlib.sha256(orjson.dumps([replace(content, warnings=()), sorted(damaged)])).hexdigest()


def _require_consistency(content: Content) -> None:
    """Every item has its own id and stands in a section that exists."""
    known = {section.key for section in content.sections}
    counts = Counter(item.id for item in content.items)
    for item in content.items:
        if counts[item.id] > 1:
            raise NotAnIssue(f"This JSON is not an issue: the item id {item.id!r} stands twice. Give each its own id.")
        if item.section not in known:
            raise NotAnIssue(
                f"This JSON is not an issue: item {item.id!r} is in the section {item.section!r}, which is not in "
                f"sections ({', '.join(sorted(known)) or 'empty'})."
            )
