"""The words around the items."""

from __future__ import annotations

from dataclasses import fields

import pytest

from newsletter.issues.content import Source
from newsletter.rendering.look import Language
from newsletter.rendering.phrases import archive, counts, date, phrases, source_line


@pytest.mark.parametrize(
    ("iso", "korean", "english"),
    [
        ("2026-09-01", "2026.09.01", "1 Sep 2026"),
        ("2026-09", "2026.09", "Sep 2026"),
        ("2026-13", "2026.13", "2026-13"),
        ("봄", "봄", "봄"),
        (None, "", ""),
    ],
)
def test_a_date_is_written_as_people_write_it(iso: str | None, korean: str, english: str) -> None:
    assert (date("ko", iso), date("en", iso)) == (korean, english)


def test_a_source_names_country_organisation_and_date() -> None:
    source = Source("獨", "예시원", "2026-09", "9月")
    assert source_line("ko", source) == "독일 예시원 · 2026.09"
    assert source_line("en", source) == "Germany 예시원 · Sep 2026"
    assert source_line("ko", Source("☆", "예시원")) == "☆ 예시원"
    assert source_line("ko", Source(None, "", None, "9月")) == "9月"
    assert source_line("ko", Source()) == ""


@pytest.mark.parametrize(
    ("shown", "total", "minutes", "korean", "english"),
    [
        (6, 17, 1, "17건 중 6건, 약 1분", "6 of 17 items, about 1 minute"),
        (17, 17, 4, "17건, 약 4분", "17 items, about 4 minutes"),
        (1, 1, 1, "1건, 약 1분", "1 item, about 1 minute"),
    ],
)
def test_counts_read_as_a_sentence(shown: int, total: int, minutes: int, korean: str, english: str) -> None:
    assert counts("ko", shown, total, minutes) == korean
    assert counts("en", shown, total, minutes) == english


def test_the_archive_line_counts_what_was_not_picked() -> None:
    assert archive("ko", 11) == "고르지 않은 소식 11건 보기"
    assert archive("en", 11) == "See 11 more you did not pick"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_phrase_is_there_and_the_way_out_is_free_in_both_languages(language: Language) -> None:
    say = phrases(language)
    empty = [field.name for field in fields(say) if not getattr(say, field.name)]
    assert empty == (["articles_language"] if language == "ko" else [])
    words = " ".join(part for pair in say.unsubscribe for part in pair)
    assert "무료" in words
    assert "free" in words
    assert set(say.tracking) == {"aggregate", "individual", "none"}
