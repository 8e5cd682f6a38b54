"""Whole emails, byte for byte. A wanted change: `make golden`, then read the diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.issues.content import Content, Placement
from newsletter.rendering.links import Links
from newsletter.rendering.look import Language, Look, Publisher, Tracking
from newsletter.rendering.personal import Personal, fill, picks, substitutions
from newsletter.rendering.renderer import Renderer

HERE = Path(__file__).parent
NONCE = "0011223344556677"
EN_SECTIONS = {"focus": "In focus", "tech": "Industry", "policy": "Policy", "pieces": "Technology clippings"}
EN_CATEGORIES = {"에너지": "Energy", "해양": "Ocean", "데이터": "Data", "배터리": "Batteries", "신소재": "Materials"}
ALL: tuple[tuple[Language, Tracking, str], ...] = (
    ("ko", "aggregate", "seventeen"),
    ("ko", "aggregate", "six"),
    ("ko", "aggregate", "one"),
    ("ko", "individual", "six"),
    ("ko", "none", "lines"),
    ("en", "aggregate", "seventeen"),
    ("en", "individual", "one"),
    ("en", "none", "six"),
)


def look(language: Language, tracking: Tracking, *, advertising: bool) -> Look:
    korean = language == "ko"
    return Look(
        language=language,
        tracking=tracking,
        publisher=Publisher(
            publication="새벽기술 소식",
            publication_en="Daybreak Technology News",
            from_name="새벽기술 소식",
            from_email="news@example.org",
            postal_address="서울특별시 예시구 예시로 1",
            phone="02-000-0000",
        ),
        links=Links("https://news.example.org", "daybreak", "2026-17", "c7"),
        nonce=NONCE,
        advertising=advertising,
        section_names={} if korean else EN_SECTIONS,
        category_names={"에너지": "에너지·탄소중립"} if korean else EN_CATEGORIES,
        note="이번 호부터 받을 소식을 직접 고르실 수 있습니다." if advertising else None,
        why="새벽기술 소식을 구독하셔서 보내 드립니다." if korean else "You subscribed to Daybreak Technology News.",
    )


def placements(content: Content, size: str) -> list[Placement]:
    """The items of a golden mail, in mail order."""
    full = {
        "seventeen": [item.id for item in content.items],
        "six": ["p3", "c3", "c6"],
        "one": ["p1"],
        "lines": [],
    }[size]
    lines = {"six": ["p1", "p2", "p4"], "lines": ["t1", "t2"]}.get(size, [])
    return [*(Placement(item, "full") for item in full), *(Placement(item, "line") for item in lines)]


@pytest.mark.parametrize(("language", "tracking", "size"), ALL, ids=lambda part: part)
def test_an_email_is_the_one_we_agreed_on(
    sample: Content, golden_renew: bool, language: Language, tracking: Tracking, size: str
) -> None:
    renderer = Renderer(sample, look(language, tracking, advertising=size == "one"))
    rendered = renderer.variant(placements(sample, size))
    names = ["정책과 제도"] if language == "ko" else ["Policy"]
    said = picks(names, ["데이터", "AI"], everything=size == "seventeen", language=language)
    alice = Personal(said, "alice-preferences", "alice-leave", "alice-copy", "alice-click")
    values = substitutions(NONCE, alice, tracking)
    parts = {
        "html": fill(rendered.html, values) + "\n",
        "txt": fill(rendered.text, values),
        "subject": f"{rendered.subject}\n{rendered.preheader}\n",
    }
    for extension, got in parts.items():
        path = HERE / f"{language}-{tracking}-{size}.{extension}"
        if golden_renew:
            path.write_bytes(got.encode())
        assert got.encode() == path.read_bytes(), f"{path.name} differs: renew with `make golden` if that is wanted"


def test_every_golden_file_belongs_to_an_email(golden_renew: bool) -> None:
    wanted = {f"{'-'.join(email)}.{extension}" for email in ALL for extension in ("html", "txt", "subject")}
    found = {path.name for path in HERE.iterdir() if path.suffix in {".html", ".txt", ".subject"}}
    if golden_renew:
        for name in found - wanted:
            (HERE / name).unlink()
        return
    assert found == wanted
