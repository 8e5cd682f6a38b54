from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.csvfile import LINE_LIMIT, RowProblem, cells, delimiter_of, guarded, lines, measure, unguarded
from subscribers.errors import ImportRefused

TEXT = "email,name\nalice@example.com,앨리스\nbob@example.org,밥\n"


def _texts(path: Path) -> list[str]:
    return [line.text for line in lines(path, measure(path))]


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "readers.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8-sig"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("cp949"), "cp949"),
        (TEXT.replace("밥", "뷁").encode("cp949"), "cp949"),
    ],
)
def test_every_usual_encoding_reads_the_same(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = _written(tmp_path, content)
    assert measure(path).encoding == encoding
    assert [text.replace("뷁", "밥") for text in _texts(path)] == TEXT.splitlines()


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"])
def test_every_line_end_reads_the_same(tmp_path: Path, ending: str) -> None:
    assert _texts(_written(tmp_path, TEXT.replace("\n", ending).encode())) == TEXT.splitlines()


def test_a_file_that_mixes_encodings_is_read_line_by_line(tmp_path: Path) -> None:
    content = (
        "email,name\na@example.com,앨리스\n".encode()
        + "b@example.com,밥\n".encode("cp949")
        + b"c@example.com,\xff\xfe\n"
    )
    path = _written(tmp_path, content)
    found = list(lines(path, measure(path)))
    assert [line.text for line in found] == ["email,name", "a@example.com,앨리스", "b@example.com,밥", ""]
    assert [line.number for line in found if line.problem] == [4]


def test_a_korean_name_that_happens_to_be_valid_utf8_is_read_as_its_file_is(tmp_path: Path) -> None:
    """Judged by itself the second line would be Latin letters; the file as a whole is CP949."""
    tricky = next(chr(code) for code in range(0xAC00, 0xD7A4) if _is_utf8(chr(code).encode("cp949")))
    path = _written(tmp_path, f"email,name\na@example.com,{tricky}\nb@example.com,밥\n".encode("cp949"))
    assert _texts(path)[1] == f"a@example.com,{tricky}"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_huge_line_is_one_problem_and_the_next_line_is_read(tmp_path: Path) -> None:
    content = b"email\n" + b"x" * 10_000_000 + b"\nalice@example.com\n" + b"y" * LINE_LIMIT + b"\nbob@example.org"
    path = _written(tmp_path, content)
    found = list(lines(path, measure(path)))
    assert [(line.number, line.problem is None) for line in found] == [
        (1, True),
        (2, False),
        (3, True),
        (4, True),
        (5, True),
    ]
    assert found[1].text == ""
    assert found[-1].byte_count == len(content)


@pytest.mark.parametrize("head", [b"", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest", b"%PDF-1.7"])
def test_what_is_no_text_file_is_refused_with_the_remedy(tmp_path: Path, head: bytes) -> None:
    with pytest.raises(ImportRefused, match=r"empty|save it as CSV"):
        measure(_written(tmp_path, head))


def test_the_separator_is_the_one_the_header_uses() -> None:
    assert delimiter_of("email;name;language") == ";"
    assert delimiter_of("email\tname") == "\t"
    assert delimiter_of("email,name") == ","
    assert delimiter_of("email") == ","


@pytest.mark.parametrize("line", ['a@example.com,"Alice', 'a@example.com,"Al"ice,x', '"'])
def test_an_open_quote_spoils_its_own_line_only(line: str) -> None:
    with pytest.raises(RowProblem, match="quotation mark"):
        cells(line, ",")


def test_quoted_cells_hold_separators_and_quotes() -> None:
    assert cells('a@example.com, "Alice, ""the"" reader",x', ",") == ["a@example.com", 'Alice, "the" reader', "x"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12), min_size=1, max_size=6))
@settings(max_examples=300)
def test_whatever_python_writes_is_read_back(row: list[str]) -> None:
    row = [cell.strip() for cell in row]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([guarded(cell) for cell in row])
    assert cells(out.getvalue(), ",") == row


@given(st.text(st.sampled_from("'=+-@＝ab\t"), max_size=6))
@settings(max_examples=300)
def test_no_cell_starts_a_formula_and_none_is_changed_for_good(cell: str) -> None:
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "＝"))
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["Alice", "'Alice", "O'Neil", "", "'", "a=b"])
def test_an_honest_cell_is_left_alone(cell: str) -> None:
    assert guarded(cell) == cell == unguarded(cell)
