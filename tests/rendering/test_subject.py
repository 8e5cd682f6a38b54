"""Subject and preheader: R-75 (≤ 998 octets encoded), R-92 (any text survives the header), C-04 (the label)."""

from __future__ import annotations

import random
from collections.abc import Callable
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser

import pytest

from newsletter.errors import RenderError
from newsletter.rendering.escaping import one_line
from newsletter.rendering.look import Look, Publisher
from newsletter.rendering.subject import SUBJECT_LIMIT, encoded, encoded_length, preheader, subject

MakeLook = Callable[..., Look]


def test_a_subject_is_the_first_title_and_how_many_follow(make_look: MakeLook) -> None:
    assert subject(make_look(), ["가", "나", "다"]) == "가 외 2건"
    assert subject(make_look("en"), ["가", "나", "다"]) == "가 and 2 more"
    assert subject(make_look(), ["가"]) == "가"


def test_the_editors_own_subject_stands_alone(make_look: MakeLook) -> None:
    assert subject(make_look(subject=" 특별\r\n호 "), ["가", "나"]) == "특별 호"


def test_advertising_is_labelled_once_and_first(make_look: MakeLook) -> None:
    assert subject(make_look(advertising=True), ["가", "나"]) == "(광고) 가 외 1건"
    assert subject(make_look(advertising=True, subject="(광고) 특별 호"), ["가"]) == "(광고) 특별 호"
    assert subject(make_look("en", advertising=True, subject="(광고)Special"), ["가"]) == "(광고) Special"


@pytest.mark.parametrize(
    "look_alike", ["[광고] 특별", "(광 고) 특별", "（광고） 특별", "( 광고 ) 특별", "【광고】특별"]
)
def test_a_look_alike_of_the_label_is_refused(make_look: MakeLook, look_alike: str) -> None:
    with pytest.raises(RenderError, match="look-alike"):
        make_look(advertising=True, subject=look_alike)
    assert make_look(subject=look_alike).subject == look_alike  # no advertising, no rule


@pytest.mark.parametrize("missing", ["from_name", "from_email", "postal_address", "phone"])
def test_advertising_without_a_named_sender_is_refused(make_look: MakeLook, missing: str) -> None:
    facts = {"from_name": "이름", "from_email": "news@example.org", "postal_address": "주소", "phone": "02-000-0000"}
    publisher = Publisher("가", "a", **(facts | {missing: " "}))
    with pytest.raises(RenderError, match=missing):
        make_look(advertising=True, publisher=publisher)
    assert make_look(publisher=publisher).publisher == publisher


@pytest.mark.parametrize(
    "title", ["가" * 10_000, "👩‍👩‍👧‍👦" * 3_000, "a" * 10_000, "e" + "\u0301" * 10_000, "한 " * 5_000]
)
def test_a_title_that_is_too_long_is_cut_and_the_rest_stands(make_look: MakeLook, title: str) -> None:
    made = subject(make_look(advertising=True), [title, "나"])
    assert encoded_length(made) <= SUBJECT_LIMIT
    assert made.startswith("(광고) ")
    assert made.endswith("… 외 1건")


def test_a_subject_that_just_fits_is_not_cut(make_look: MakeLook) -> None:
    title = "가"
    while encoded_length(title + "가") <= SUBJECT_LIMIT:
        title += "가"
    assert subject(make_look(), [title]) == title
    assert subject(make_look(), [title + "가"]) != title + "가"


def test_a_cut_never_parts_a_character_from_its_marks(make_look: MakeLook) -> None:
    made = subject(make_look(), ["👩‍🔬" * 500])
    assert set(made.removesuffix("…").split("👩‍🔬")) == {""}


def test_a_preheader_is_the_next_two_titles_and_never_empty() -> None:
    assert preheader(["가", "나", "다", "라"], "소식") == "나 · 다"
    assert preheader(["가", "나"], "소식") == "나"
    assert preheader(["가"], "소식 17호") == "소식 17호"


def test_any_subject_survives_the_header_and_its_folding(make_look: MakeLook) -> None:
    """2,000 subjects of Hangul, emoji, right-to-left and controls, read back by three parsers."""
    dice = random.Random(92)  # noqa: S311 -- test data, repeatable
    alphabet = "가나다힣漢ab AB,.:;()[]<>=?_\"'\\👩‍👧☀️🇰🇷עבראالعر\u202e\u2066\r\n\t\x00\ud83d\u3000—…（）"
    for _ in range(2_000):
        title = "".join(dice.choice(alphabet) for _ in range(dice.randint(1, 120)))
        made = subject(make_look(), [one_line(title) or "가", "나"])
        assert made == " ".join(made.split())
        raw = f"Subject: {encoded(made)}\n\n".encode("ascii")
        assert max(map(len, raw.split(b"\n"))) <= 78
        legacy = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
        assert list(legacy) == ["Subject"]  # nothing broke out into a header of its own
        assert str(make_header(decode_header(legacy["Subject"]))) == made
        assert message_from_bytes(raw, policy=policy.default)["Subject"] == made
        assert message_from_bytes(raw, policy=policy.SMTPUTF8)["Subject"] == made
