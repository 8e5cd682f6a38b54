"""Whatever the bytes are, reading gives an issue or one clear sentence."""

from __future__ import annotations

import random
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import InputError, NotAnIssue
from newsletter.ingest.reader import MAX_BYTES, read, read_issue
from newsletter.ingest.trendwatch import parse_with_trace
from newsletter.issues import content_json
from newsletter.issues.content import Content

ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "newsletter" / "sample" / "trend-briefing-2026-18.txt").read_bytes()
SMALL = (ROOT / "tests" / "samples" / "trend-briefing-2024-07.txt").read_text("utf-8")
MARKDOWN = '+++\npublication = "가"\nyear = 2026\nnumber = 1\n+++\n# 나\n## 다\n- 라\n'
SIGNS = ("∙ ", "- ", "※ ", "* ", "▘", "▗", "(참고 : ", "  - ", "1 ❚", "(", ")", "」", "가 ∙ 나", "구분 주요 내용")


def test_a_text_gets_its_suggestions() -> None:
    content = read(SAMPLE, "issue.txt")
    assert content.item("policy-1").suggested_categories == ("AI",)


@pytest.mark.parametrize("name", ["issue.txt", "issue", "issue.hwp.text"])
def test_text_needs_no_certain_extension(name: str) -> None:
    assert len(read(SAMPLE, name).items) == 17


def test_a_bom_and_cp949_are_understood() -> None:
    whole = read(SAMPLE, "a.txt")
    assert read(b"\xef\xbb\xbf" + SAMPLE, "a.txt") == whole
    plain = SMALL.replace("∙", "•").replace("▘", "[").replace("❚", "|").replace("—", "-")
    korean = "".join(c for c in plain if c.encode("cp949", "ignore"))
    assert read(korean.encode("cp949"), "a.txt").publication == "기술 동향 브리핑"


def test_hangul_taken_apart_is_put_together() -> None:
    assert read(unicodedata.normalize("NFD", SMALL).encode(), "a.txt").publication == "기술 동향 브리핑"


def test_json_is_read_back_as_it_was_written() -> None:
    whole = read(SAMPLE, "a.txt")
    assert read(content_json.dump(whole), "a.json") == whole


def test_an_editor_s_json_keeps_what_it_says_about_categories() -> None:
    bare = parse_with_trace(SAMPLE.decode())[0]
    assert not any(item.suggested_categories for item in read(content_json.dump(bare), "a.json").items)


def test_what_json_says_is_checked_before_it_is_kept() -> None:
    whole = content_json.dump(read(SAMPLE, "a.txt")).replace(b'"policy-1"', b'"policy/1"')
    with pytest.raises(NotAnIssue, match="policy/1"):
        read(whole, "a.json")


def test_toml_can_not_smuggle_in_what_no_database_keeps() -> None:
    with pytest.raises(NotAnIssue, match=r"U\+0000"):
        read(MARKDOWN.replace('"가"', '"가\\u0000"').encode(), "a.md")


def test_a_category_has_one_spelling() -> None:
    whole = content_json.dump(read(SAMPLE, "a.txt"))
    odd = whole.replace('"배터리"'.encode(), unicodedata.normalize("NFD", '" 배터리  "').encode())
    assert odd != whole
    assert read(odd, "a.json") == read(whole, "a.json")


def test_a_corrected_block_is_no_longer_among_the_damaged() -> None:
    content = read(SAMPLE, "a.txt")
    damaged = next(warning for warning in content.warnings if warning.code == "damaged-text" and warning.item)
    assert damaged.text is not None
    data = content_json.dump(content).decode()
    head, tail = data.split('"warnings"')
    corrected = read((head.replace(damaged.text, "고친 글") + '"warnings"' + tail).encode(), "a.json")
    texts = {getattr(block, "text", "") for block in corrected.item(str(damaged.item)).body}
    assert "고친 글" in texts
    assert damaged.text not in texts
    assert [one for one in content.warnings if one not in corrected.warnings] == [damaged]


def test_the_bytes_tell_the_format_before_the_extension() -> None:
    assert read(MARKDOWN.encode(), "a.txt").publication == "가"
    assert len(read(content_json.dump(read(SAMPLE, "a.txt")), "a.txt").items) == 17


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "a.txt", "a.txt is empty"),
        (b" \n\t\n", "a.txt", "a.txt is empty"),
        (b"%PDF-1.7 ...", "a.pdf", "Copy its text"),
        (b"PK\x03\x04....", "a.docx", "Save it as plain text"),
        (b"\xd0\xcf\x11\xe0....", "a.hwp", "Save it as plain text"),
        ("요약".encode("utf-16"), "a.txt", "Save it as UTF-8"),
        (b"abc\x00def", "a.txt", "binary"),
        (b"\xff\xff\xff\xff", "a.txt", "neither UTF-8 nor CP949"),
        (b"Dear all, lunch is at noon.", "a.txt", "no line reads"),
        (b"{}", "a.json", "publication"),
        (b'{"publication": 1', "a.json", "not an issue"),
        (b"[1]", "a.json", "not an issue"),
        (b"# no head", "a.md", "has no head"),
        (b"a" * (MAX_BYTES + 1), "a.txt", "at most 5 MB"),
    ],
)
def test_what_is_no_issue_is_told_in_one_sentence(data: bytes, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(data, name)
    assert "\n" not in str(caught.value)


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.txt can't be read"):
        read_issue(tmp_path / "nothing.txt")
    with pytest.raises(InputError, match="can't be read"):
        read_issue(tmp_path)
    with pytest.raises(InputError, match="can't be read"):
        read_issue(Path("nul\x00.txt"))


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "issue.txt"
    path.write_bytes(SAMPLE)
    assert read_issue(path) == read(SAMPLE, "issue.txt")
    path.write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="at most 5 MB"):
        read_issue(path)


def survives(data: bytes, name: str) -> Content | None:
    try:
        return read(data, name)
    except InputError:
        return None


@settings(max_examples=150)
@given(st.binary(max_size=400), st.sampled_from(["a.txt", "a.md", "a.json", "a"]))
def test_random_bytes_never_raise_anything_else(data: bytes, name: str) -> None:
    survives(data, name)


@settings(max_examples=100)
@given(
    st.text(max_size=400), st.sampled_from([MARKDOWN, "기술 브리핑 2026년 1호 요약\n∙ 가 (나, 1.2)\n- 다\n1\n1 ❚\n"])
)
def test_random_text_behind_a_right_start_never_raises_anything_else(text: str, start: str) -> None:
    survives((start + text).encode("utf-8", "surrogatepass"), "a")


def mutate(text: str, seed: int) -> str:
    """Delete, swap, repeat, cut and mark lines at random."""
    chance = random.Random(seed)  # noqa: S311 -- a test's dice
    lines = text.split("\n")
    for _ in range(chance.randint(1, 12)):
        here, there = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                lines[here : here + chance.randint(1, 9)] = [""]
            case 1:
                lines[here], lines[there] = lines[there], lines[here]
            case 2:
                lines[here:here] = lines[there : there + chance.randint(1, 15)]
            case 3:
                lines[here] = lines[here][chance.randrange(len(lines[here]) + 1) :]
            case 4:
                lines[here] = chance.choice(SIGNS) + lines[here] + chance.choice(SIGNS)
            case _:
                lines = lines[: max(here, there) + 1]
    return "\n".join(lines)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from([SMALL, SAMPLE.decode()]))
def test_a_mangled_issue_loses_no_letter(seed: int, text: str) -> None:
    mangled = mutate(text, seed)
    try:
        _, trace = parse_with_trace(mangled)
    except NotAnIssue:
        return
    claimed: dict[int, list[str]] = {}
    for segment in trace:
        claimed.setdefault(segment.line, []).append(segment.letters)
    for number, line in enumerate(mangled.split("\n"), start=1):
        assert sorted("".join(line.split())) == sorted("".join(claimed.get(number, [])))


HEAD = "기술 브리핑 2026년 1호 요약\n∙ 가나 다라 (美 X, 1.2)\n- 마\n1\n1 ❚\n가나 다라 (美 X, 1.2)\n"


@pytest.mark.parametrize(
    "unit",
    ["가", "(", "가나다라 \n\n", "▘가▗\n구분 내용\n가\n∙ 나\n", "(참고 : a, 2023.1.1.)\n", "가 (a, 1.2)"],
)
def test_five_hostile_megabytes_take_seconds(unit: str) -> None:
    data = (HEAD + unit * (MAX_BYTES // len(unit.encode()))).encode()[:MAX_BYTES]
    started = time.process_time()
    survives(data.decode("utf-8", "ignore").encode(), "a.txt")
    assert time.process_time() - started < 12  # one to four seconds on an idle machine


@pytest.mark.parametrize("unit", ["가\n", "| a | b |\n", "- 가\n"])
def test_five_hostile_megabytes_of_markdown_take_seconds(unit: str) -> None:
    data = (MARKDOWN + unit * (MAX_BYTES // len(unit.encode()))).encode()[:MAX_BYTES]
    started = time.process_time()
    survives(data.decode("utf-8", "ignore").encode(), "a.md")
    assert time.process_time() - started < 12
