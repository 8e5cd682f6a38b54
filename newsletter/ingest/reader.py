"""Reads an issue from a file: text in the published layout, Markdown, or JSON.

Whatever the bytes are, the answer is the content or one `InputError` that names the thing and the remedy.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Literal

from newsletter.errors import InputError, NotAnIssue
from newsletter.ingest import markdown, trendwatch
from newsletter.ingest.keyword_file import load_keywords
from newsletter.ingest.keywords import suggest
from newsletter.issues import content_json
from newsletter.issues.consistency import require_consistent
from newsletter.issues.content import Content, Item
from newsletter.issues.lifecycle import without_cured

Format = Literal["text", "markdown", "json"]

MAX_BYTES = 5_000_000
"""A hundred times a real issue."""

_BINARY = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_JAMO = re.compile(r"[\u1100-\u11ff]")
_KNOWN_BINARY = (
    (b"%PDF", "a PDF", "Copy its text into a .txt file"),
    (b"PK\x03\x04", "a packed document (docx, hwpx, xlsx, zip)", "Save it as plain text"),
    (b"\xd0\xcf\x11\xe0", "a Hangul or Word document", "Save it as plain text"),
    (b"\xff\xfe", "UTF-16 text", "Save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "Save it as UTF-8"),
)


def read_issue(path: Path, keywords: Path | None = None) -> Content:
    """The issue in that file, with categories suggested for its articles. Raises nothing but `InputError`.

    `keywords` names a keyword file of the publisher's own, in place of the shipped one.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_big(path.name, size)
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{path} can't be read: {reason}. Give the path of an issue file.") from error
    return read(data, path.name, keywords)


def read(data: bytes, name: str, keywords: Path | None = None) -> Content:
    """The issue in these bytes. `name` tells the format by its extension where the bytes themselves don't."""
    text = decode(data, name)
    match format_of(text, name):
        case "json":
            return _by_hand(content_json.load(text))  # an editor's file: what it says about categories stands
        case "markdown":
            content = _by_hand(markdown.parse(text))
        case "text":
            content = _clean(trendwatch.parse(text))
    return suggest(content, load_keywords(keywords))


def _by_hand(content: Content) -> Content:
    """What people wrote may say anything that its form allows, so the rest is checked here."""
    require_consistent(content)
    return _clean(without_cured(content))


def _clean(content: Content) -> Content:
    """Category names as lists keep and compare them, each once; `AI ` would be another one than `AI`."""
    return replace(content, items=tuple(_clean_item(item) for item in content.items))


def _clean_item(item: Item) -> Item:
    return replace(
        item,
        categories=tuple(dict.fromkeys(map(_one_spelling, item.categories))),
        suggested_categories=tuple(dict.fromkeys(map(_one_spelling, item.suggested_categories))),
    )


def _one_spelling(name: str) -> str:
    """The name in its one spelling: composed, one space where there was white space."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def decode(data: bytes, name: str) -> str:
    """The text: UTF-8 with or without a BOM, else CP949. Raises `InputError` for anything else."""
    if len(data) > MAX_BYTES:
        raise _too_big(name, len(data))
    if not data.strip():
        raise NotAnIssue(f"{name} is empty. Give a file that holds an issue (docs/formats.md).")
    for magic, what, remedy in _KNOWN_BINARY:
        if data.startswith(magic):
            raise NotAnIssue(f"{name} is {what}, which can't be read. {remedy} and give that file.")
    text = _decode(data, name)
    if _BINARY.search(text):
        raise NotAnIssue(f"{name} is a binary file, not an issue. Give a .txt, .md or .json file (docs/formats.md).")
    return unicodedata.normalize("NFC", text) if _JAMO.search(text) else text  # macOS may take Hangul apart


def format_of(text: str, name: str) -> Format:
    """By the first letters where they are certain, else by the extension; text is what else there is."""
    start = text.lstrip()[:3]
    if start.startswith("{"):
        return "json"
    if start == markdown.FENCE:
        return "markdown"
    suffix = Path(name).suffix.lower()
    if suffix == ".json":
        return "json"
    return "markdown" if suffix in {".md", ".markdown"} else "text"


def _decode(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{name} is neither UTF-8 nor CP949 text. Save it as UTF-8 and give that file.")


def _too_big(name: str, size: int) -> InputError:
    most = MAX_BYTES // 1_000_000
    return InputError(f"{name} has {size / 1e6:.1f} MB; an issue has at most {most} MB. Give its text alone.")
