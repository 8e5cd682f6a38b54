"""What stands in a mail around and about its items, in both parts."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from newsletter.issues.content import Block, Content, Placement, Source
from newsletter.rendering.look import Look
from newsletter.rendering.personal import Personal, fill, open_tag, substitutions, tags
from newsletter.rendering.plaintext import COLUMNS, width
from newsletter.rendering.renderer import Renderer

MakeLook = Callable[..., Look]
Everything = Callable[[Content], list[Placement]]
Choose = Callable[[Content, random.Random], list[Placement]]
ReadPage = Callable[[str], Any]
"""What `read_page` gives: links, images, tags, text and languages of a mail."""


def placed(ids: Iterable[str], form: str = "full") -> list[Placement]:
    return [Placement(item, "line" if form == "line" else "full") for item in ids]


def with_item(content: Content, **changes: object) -> Content:
    """The issue with its first item changed."""
    first, *rest = content.items
    return replace(content, items=(replace(first, **changes), *rest))  # type: ignore[arg-type]  # any field of Item


def test_the_opening_line_counts_and_the_archive_takes_the_rest(
    read_page: ReadPage, sample: Content, make_look: MakeLook
) -> None:
    page = read_page(
        Renderer(sample, make_look()).variant([*placed(["p3"]), *placed(["c3"]), *placed(["p1"], "line")]).html
    )
    assert f"{tags(make_look().nonce).picks_html}: 17건 중 3건, 약 1분 · 바꾸기" in page.text
    assert "고르지 않은 소식 14건 보기" in page.text
    assert make_look().links.issue() in page.links


def test_a_mail_with_everything_has_no_archive_line(
    sample: Content, make_look: MakeLook, everything: Everything
) -> None:
    rendered = Renderer(sample, make_look()).variant(everything(sample))
    assert "고르지 않은" not in rendered.html + rendered.text
    assert ": 17건, 약 " in rendered.html
    assert (rendered.full_count, rendered.line_count) == (17, 0)


def test_a_long_mail_starts_with_its_headings_and_a_short_one_does_not(
    read_page: ReadPage, sample: Content, make_look: MakeLook, everything: Everything
) -> None:
    renderer = Renderer(sample, make_look())
    long, short = (
        read_page(renderer.variant(everything(sample)).html),
        read_page(renderer.variant(placed(["p3", "c3"])).html),
    )
    assert [link for link in long.links if link.startswith("#")] == ["#s1", "#s2", "#s3", "#s4"]
    assert [link for link in short.links if link.startswith("#")] == []


@pytest.mark.parametrize(("full", "anchors"), [(7, 0), (8, 3)])
def test_a_mail_is_long_from_eight_items_in_full(
    read_page: ReadPage, sample: Content, make_look: MakeLook, everything: Everything, full: int, anchors: int
) -> None:
    placements = [replace(one, form="full" if n < full else "line") for n, one in enumerate(everything(sample))]
    page = read_page(Renderer(sample, make_look()).variant(placements).html)
    assert sum(link.startswith("#") for link in page.links) == anchors


@pytest.mark.parametrize(("letters", "minutes"), [(1, 1), (500, 1), (501, 2), (1_000, 2), (1_001, 3)])
def test_a_minute_is_five_hundred_letters_rounded_up(
    read_page: ReadPage, sample: Content, make_look: MakeLook, letters: int, minutes: int
) -> None:
    content = replace(sample, items=(replace(sample.items[0], summary="가" * letters, body=()),))
    page = read_page(Renderer(content, make_look()).variant(placed([content.items[0].id])).html)
    assert f"약 {minutes}분" in page.text


def test_every_anchor_has_its_place(
    read_page: ReadPage, sample: Content, make_look: MakeLook, everything: Everything
) -> None:
    html = Renderer(sample, make_look()).variant(everything(sample)).html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in read_page(html).links if link.startswith("#")} <= set(ids)


def test_damaged_text_and_notes_are_in_no_mail(
    read_page: ReadPage, issue: Content, make_look: MakeLook, everything: Everything
) -> None:
    rendered = Renderer(issue, make_look()).variant(everything(issue))
    damaged = [warning.text for warning in issue.warnings if warning.code == "damaged-text" and warning.text]
    blocks = [block for item in issue.items for block in item.body if isinstance(block, Block)]
    out = [*damaged, *(block.text for block in blocks if block.kind in {"note", "footnote"} and len(block.text) > 8)]
    assert damaged
    shown = "".join(read_page(rendered.html).text.split()) + "".join(rendered.text.split())
    assert [text for text in out if "".join(text.split()) in shown] == []


def test_english_words_surround_korean_text(
    read_page: ReadPage, sample: Content, make_look: MakeLook, everything: Everything
) -> None:
    rendered = Renderer(sample, make_look("en")).variant(everything(sample))
    page = read_page(rendered.html)
    assert rendered.subject.endswith(" and 16 more")
    assert "UK 예시해양연구소 · 27 Aug 2026" in page.text
    assert "Articles are in Korean" in page.text
    assert page.languages.count("ko") > 17
    assert "무료 수신거부" in page.text
    assert "Unsubscribe for free" in page.text


def test_the_footer_names_the_sender_and_the_free_way_out_in_both_languages_and_both_parts(
    read_page: ReadPage, sample: Content, make_look: MakeLook
) -> None:
    for language in ("ko", "en"):
        look = make_look(language, advertising=True)
        rendered = Renderer(sample, look).variant(placed(["p3"]))
        assert rendered.subject.startswith("(광고) ")
        for part in (read_page(rendered.html).text, rendered.text):
            for fact in (
                "새벽기술 소식",
                "news@example.org",
                "예시구 예시로 1",
                "02-000-0000",
                "무료",
                "free of charge",
            ):
                assert fact in part


def test_a_table_is_one_line_that_leads_to_the_item(read_page: ReadPage, sample: Content, make_look: MakeLook) -> None:
    page = read_page(Renderer(sample, make_look()).variant(placed(["f1"])).html)
    assert "표 · 부이가 재는 것: 수온 / 염분 / … (4)" in page.text
    assert page.links.count(make_look().links.item("f1")) == 3


def test_our_own_word_for_a_table_is_not_said_to_be_korean(sample: Content, make_look: MakeLook) -> None:
    html = Renderer(sample, make_look("en")).variant(placed(["f1"])).html
    assert 'Table · <a class="l" lang="ko"' in html
    assert not re.search(r'<p[^>]* lang="ko"[^>]*>Table', html)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org/x", "https://", "http://a b"]
)
def test_only_a_web_address_is_a_link(read_page: ReadPage, sample: Content, make_look: MakeLook, url: str) -> None:
    page = read_page(Renderer(with_item(sample, source=Source(url=url)), make_look()).variant(placed(["f1"])).html)
    assert "원문 보기" not in page.text
    assert all(urlsplit(link).scheme == "https" for link in page.links)


def test_aggregate_has_one_image_the_same_for_all(
    read_page: ReadPage, sample: Content, make_look: MakeLook, personal: Personal
) -> None:
    look = make_look("ko", "aggregate")
    rendered = Renderer(sample, look).variant(placed(["p3"]))
    assert read_page(rendered.html).images == [look.links.pixel()]
    assert look.links.item("p3") in read_page(rendered.html).links


def test_none_has_no_image_and_plain_links(read_page: ReadPage, sample: Content, make_look: MakeLook) -> None:
    look = make_look("ko", "none")
    page = read_page(Renderer(sample, look).variant(placed(["p3"])).html)
    assert page.images == []
    assert look.links.item("p3") in page.links
    assert not any("/c/" in link for link in page.links)


def test_individual_has_personal_links_and_a_place_for_the_providers_pixel_near_the_top(
    read_page: ReadPage, sample: Content, make_look: MakeLook, personal: Personal
) -> None:
    look = make_look("ko", "individual")
    rendered = Renderer(sample, look).variant([*placed(["p3"]), *placed(["c2"], "line")])
    assert rendered.html.count(open_tag(look.nonce)) == 1
    assert rendered.html.index(open_tag(look.nonce)) < rendered.html.index("건, 약")
    assert open_tag(look.nonce) not in rendered.text
    filled = fill(rendered.html, substitutions(look.nonce, personal, "individual"))
    assert read_page(filled).images == []
    assert {look.links.click("c" * 40, 8), look.links.click("c" * 40, 11)} <= set(read_page(filled).links)
    assert look.links.item("p3") not in read_page(filled).links


@pytest.mark.parametrize("tracking", ["aggregate", "individual", "none"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_item_and_link_of_the_html_is_in_the_text(
    read_page: ReadPage, issue: Content, make_look: MakeLook, choose: Choose, language: str, tracking: str
) -> None:
    look = make_look(language, tracking, note="말씀")
    renderer = Renderer(issue, look)
    dice = random.Random(f"text {language}")  # noqa: S311 -- test data, repeatable
    for _ in range(20):
        placements = choose(issue, dice)
        rendered = renderer.variant(placements)
        lines = [line.strip() for line in rendered.text.splitlines()]
        links = [link for link in read_page(rendered.html).links if not link.startswith("#")]
        assert [link for link in links if not any(line.endswith(link) for line in lines)] == []
        squeezed = "".join(rendered.text.split())
        assert [p.item for p in placements if "".join(issue.item(p.item).title.split()) not in squeezed] == []


def test_text_keeps_to_its_columns_and_addresses_stand_unbroken(
    issue: Content, make_look: MakeLook, everything: Everything
) -> None:
    text = Renderer(issue, make_look()).variant(everything(issue)).text
    assert [line for line in text.splitlines() if width(line) > COLUMNS and "https://" not in line] == []
    assert not re.search(r"[&<>]\w+;|[\u200b-\u200f]", text)
    assert "\n\n\n\n" not in text
