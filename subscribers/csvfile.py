"""A subscriber file as lines and cells, whatever program wrote it, in constant memory.

One line is one row: no value of ours can hold a line break, so a quote left open spoils its own line and no other.
Understood: UTF-8 with or without BOM, UTF-16, CP949 (EUC-KR), files that mix UTF-8 and CP949 by line; LF, CRLF, CR;
comma, semicolon, tab.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subscribers.errors import ImportRefused

LINE_LIMIT = 65_536
"""Characters in a line; the longest honest row has a few thousand."""
_BLOCK = 1 << 20
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_MIXED = "mixed"
_DELIMITERS = ",;\t"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


class RowProblem(Exception):  # noqa: N818 -- a finding about one row, collected and never shown as an error
    """Why one row can't be used. Its words never repeat an address."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a first pass over the file found."""

    encoding: str
    digest: str
    byte_count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, its text or what is wrong with it, and how many bytes were read so far."""

    number: int
    text: str
    problem: str | None
    byte_count: int


def measure(path: Path) -> Shape:
    """Encoding, SHA-256 and size. Raises `ImportRefused` for what is no text at all."""
    with path.open("rb") as file:
        head = file.read(4096)
    _refuse_other_files(head)
    encoding = _utf16(head)
    digest, is_utf8 = hashlib.sha256(), True
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in _blocks(path):
        digest.update(block)
        is_utf8 = is_utf8 and _decodes(decoder, block)
    is_utf8 = is_utf8 and _decodes(decoder, b"", final=True)
    encoding = encoding or ("utf-8-sig" if is_utf8 else _other_than_utf8(path))
    return Shape(encoding, digest.hexdigest(), path.stat().st_size)


def lines(path: Path, shape: Shape) -> Iterator[Line]:
    """Every line with something on it."""
    encoding, errors = (
        ("utf-8-sig", "surrogateescape") if shape.encoding == _MIXED else (shape.encoding, "backslashreplace")
    )
    with path.open("rb") as file, io.TextIOWrapper(file, encoding=encoding, errors=errors) as text:
        number = 0
        while line := text.readline(LINE_LIMIT + 1):
            number += 1
            problem = None
            if len(line) > LINE_LIMIT and not line.endswith("\n"):
                _skip_rest(text)
                line, problem = "", f"the line is longer than {LINE_LIMIT} characters: is a line break missing?"
            elif shape.encoding == _MIXED:
                line, problem = _in_either(line)
            line = line.rstrip("\n")
            if line.strip() or problem:
                yield Line(number, line, problem, file.tell())


def delimiter_of(header: str) -> str:
    """The separator that the header uses most."""
    return max(_DELIMITERS, key=header.count)


def cells(text: str, delimiter: str) -> list[str]:
    """The cells of one line, trimmed, without the mark that keeps spreadsheets from computing them."""
    if '"' not in text:
        return _plain(text.split(delimiter))
    try:
        found = next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        raise RowProblem('a quotation mark (") is not closed on its line, or stands inside a value') from None
    return _plain(found)


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before whatever could start one (S-39)."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def unguarded(cell: str) -> str:
    """The cell before `guarded`."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def _plain(found: Iterable[str]) -> list[str]:
    return [unguarded(cell) if cell[:1] == "'" else cell for cell in map(str.strip, found)]


def _refuse_other_files(head: bytes) -> None:
    if not head:
        raise ImportRefused("the file is empty: it starts with a line of column names, then one line per reader")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise ImportRefused("the file is a workbook or a document: save it as CSV (UTF-8) and import that")


def _utf16(head: bytes) -> str | None:
    """By its BOM or, where a program left it out, by the NULs in the ASCII letters of the header."""
    if head[:2] in _UTF16:
        return _UTF16[head[:2]]
    if head[1:8:2].count(0) >= 3:
        return "utf-16-le"
    return "utf-16-be" if head[0:8:2].count(0) >= 3 else None


def _other_than_utf8(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("cp949")()
    is_cp949 = all(_decodes(decoder, block) for block in _blocks(path)) and _decodes(decoder, b"", final=True)
    return "cp949" if is_cp949 else _MIXED


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _skip_rest(text: io.TextIOWrapper) -> None:
    while (rest := text.readline(LINE_LIMIT)) and not rest.endswith("\n"):
        pass


def _in_either(line: str) -> tuple[str, str | None]:
    """A line of a file that keeps to no one encoding: UTF-8, else CP949, else a problem."""
    if line.isascii():
        return line, None
    raw = line.encode("utf-8", "surrogateescape")
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding), None
        except UnicodeDecodeError:
            continue
    return "", "the line is neither UTF-8 nor CP949: save the file as UTF-8"
