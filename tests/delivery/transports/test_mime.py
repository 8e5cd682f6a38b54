from __future__ import annotations

import email
import email.policy
import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery.message import Letter, Message, Recipient
from newsletter.delivery.transports.file import FileTransport
from newsletter.delivery.transports.mime import address, eml

LETTER = Letter("제목", "<p>안녕</p>", "안녕\n", "digest@news.example.org", "동향 소식", "<digest.news.example.org>")
ALICE = Recipient(1, "alice@example.com", "Alice", {"-t-": "v"}, "https://news.example.org/u/abc")
MESSAGE = Message(LETTER, (ALICE,), 7, "0" * 32, datetime(2026, 9, 1, 9, tzinfo=UTC))
ALPHABETS = (
    "가나다라마바사아자차카타파하각힣ㄱㅏ",
    "😀🎉🧑\u200d🔬👩🏽\u200d🚀🇰🇷❤\ufe0f",
    "אבגדהו שלום مرحبا بالعالم",
    "abc XYZ 123 ,;:()<>@\"'\\=?_",
    "日本語中文 Ελληνικά ñ é",
)
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "MIME-Version", "Content-Type")


def subjects(count: int, seed: int) -> list[str]:
    """Hangul, emoji, right-to-left and mixed subjects of 1 to 200 characters, trimmed and with single spaces."""
    draw = random.Random(seed)  # noqa: S311 -- a reproducible draw
    found: list[str] = []
    while len(found) < count:
        letters = "".join(draw.choice(draw.choice(ALPHABETS)) for _ in range(draw.randint(1, 200)))
        title = " ".join(letters.split())
        if title and len(title.encode()) <= 998:
            found.append(title)
    return found


def by_hand(raw: bytes) -> str:
    """The subject, unfolded and decoded by nothing but the two RFCs; refuses a line that is too long."""
    lines = raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    at = next(n for n, line in enumerate(lines) if line.startswith(b"Subject:"))
    folded = [lines[at], *_continuations(lines[at + 1 :])]
    assert all(len(line) <= 78 for line in folded), folded
    value = b" ".join(line.strip() for line in folded).decode("ascii").removeprefix("Subject:").strip()
    words = value.split(" ")
    if not all(re.fullmatch(r"=\?utf-8\?b\?[A-Za-z0-9+/=]+\?=", word) for word in words):
        return value
    assert all(len(word) <= 75 for word in words)
    return "".join(str(make_header(decode_header(word))) for word in words)


def _continuations(lines: list[bytes]) -> list[bytes]:
    found = []
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            break
        found.append(line)
    return found


def test_two_thousand_subjects_survive_three_parsers(tmp_path: Path) -> None:
    """R-92."""
    titles = subjects(2000, seed=92)
    readers = tuple(replace(ALICE, position=n, email=f"reader{n}@example.com") for n in range(1, len(titles) + 1))
    transport = FileTransport(tmp_path)
    for title, reader in zip(titles, readers, strict=True):
        transport.submit(replace(MESSAGE, letter=replace(LETTER, subject=title), recipients=(reader,)))
    for title, reader in zip(titles, readers, strict=True):
        raw = (tmp_path / f"7-{reader.position}.eml").read_bytes()
        assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
        modern = email.message_from_bytes(raw, policy=email.policy.default)
        classic = email.message_from_bytes(raw, policy=email.policy.compat32)
        assert str(modern["Subject"]) == title
        assert str(make_header(decode_header(str(classic["Subject"])))) == title
        assert by_hand(raw) == title


def test_the_reading_by_hand_would_notice_a_line_that_is_too_long() -> None:
    """Negative control."""
    with pytest.raises(AssertionError):
        by_hand(b"Subject: " + b"x" * 80 + b"\r\n\r\n")


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=90),
    st.sampled_from(["From", "To"]),
)
def test_an_encoded_word_never_stands_inside_an_address(name: str, header: str) -> None:
    """C-62: whatever the name, two parsers find the address untouched and the name whole."""
    line = f"{header}: {address(header, name, 'alice@example.com')}"
    assert line.endswith("<alice@example.com>")
    assert "=?" not in line.rpartition("<")[2]
    assert all(len(part) <= 78 for part in line.split("\r\n"))
    (modern,) = email.message_from_string(line + "\r\n\r\n", policy=email.policy.default)[header].addresses
    assert modern.addr_spec == "alice@example.com"
    # The default policy of Python 3.11 keeps the space between two encoded words of a phrase (python/cpython#92081).
    assert modern.display_name == name or (line.count("=?utf-8") > 1 and modern.display_name.replace(" ", "") == name)
    classic = email.message_from_string(line + "\r\n\r\n", policy=email.policy.compat32)[header]
    phrase, found = parseaddr(str(classic))
    assert found == "alice@example.com"
    assert str(make_header(decode_header(phrase))) == name


def test_every_header_stands_once_and_no_line_is_bare() -> None:
    """C-61."""
    raw = eml(MESSAGE, ALICE)
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert {name: len(read.get_all(name, [])) for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert not read.defects
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    assert read["List-Unsubscribe"] == "<https://news.example.org/u/abc>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["Date"].datetime == MESSAGE.at


def test_both_parts_come_back_as_they_were_with_the_readers_words_in_place() -> None:
    letter = replace(LETTER, html="<p>-nl0a1b2c3d4e_picks_h-</p>", text="-nl0a1b2c3d4e_picks_t-\n둘째 줄\n")
    words = {"-nl0a1b2c3d4e_picks_h-": "R&amp;D", "-nl0a1b2c3d4e_picks_t-": "R&D"}
    reader = replace(ALICE, substitutions=words)
    read = email.message_from_bytes(eml(replace(MESSAGE, letter=letter), reader), policy=email.policy.default)
    plain, html = read.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content() == "R&D\r\n둘째 줄\r\n"  # the line ends of the wire
    assert html.get_content_type() == "text/html"
    assert html.get_content() == "<p>R&amp;D</p>"


def test_the_same_delivery_always_gives_the_same_bytes() -> None:
    assert eml(MESSAGE, ALICE) == eml(MESSAGE, ALICE)
