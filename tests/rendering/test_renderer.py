"""Variants: their sizes, their faults, and what stands around the items."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader

from newsletter.errors import RenderError
from newsletter.issues.content import Block, Content, Item, Placement, Source
from newsletter.rendering.environment import template_root
from newsletter.rendering.look import Look
from newsletter.rendering.personal import Personal, fill, open_tag, substitutions, tags
from newsletter.rendering.plaintext import COLUMNS, width
from newsletter.rendering.renderer import BUDGET, HARD_LIMIT, Renderer

MakeLook = Callable[..., Look]
Everything = Callable[[Content], list[Placement]]
Choose = Callable[[Content, random.Random], list[Placement]]


class Page(HTMLParser):
    """Links, images and texts of an HTML mail, as a browser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.images: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.languages: list[str] = []
        self.feed(html.partition("<body")[2])
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if tag == "a":
            self.links.append(found["href"] or "")
        if tag == "img":
            self.images.append(found["src"] or "")
        if found.get("lang"):
            self.languages.append(found["lang"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def placed(ids: Iterable[str], form: str = "full") -> list[Placement]:
    return [Placement(item, "line" if form == "line" else "full") for item in ids]


def with_item(content: Content, **changes: object) -> Content:
    """The issue with its first item changed."""
    first, *rest = content.items
    return replace(content, items=(replace(first, **changes), *rest))  # type: ignore[arg-type]  # any field of Item


# What stands in the mail


def test_the_opening_line_counts_and_the_archive_takes_the_rest(sample: Content, make_look: MakeLook) -> None:
    page = Page(Renderer(sample, make_look()).variant([*placed(["p3"]), *placed(["c3"]), *placed(["p1"], "line")]).html)
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
    sample: Content, make_look: MakeLook, everything: Everything
) -> None:
    renderer = Renderer(sample, make_look())
    long, short = Page(renderer.variant(everything(sample)).html), Page(renderer.variant(placed(["p3", "c3"])).html)
    assert [link for link in long.links if link.startswith("#")] == ["#s1", "#s2", "#s3", "#s4"]
    assert [link for link in short.links if link.startswith("#")] == []


def test_every_anchor_has_its_place(sample: Content, make_look: MakeLook, everything: Everything) -> None:
    html = Renderer(sample, make_look()).variant(everything(sample)).html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in Page(html).links if link.startswith("#")} <= set(ids)


def test_damaged_text_and_notes_are_in_no_mail(issue: Content, make_look: MakeLook, everything: Everything) -> None:
    rendered = Renderer(issue, make_look()).variant(everything(issue))
    damaged = [warning.text for warning in issue.warnings if warning.code == "damaged-text" and warning.text]
    blocks = [block for item in issue.items for block in item.body if isinstance(block, Block)]
    out = [*damaged, *(block.text for block in blocks if block.kind in {"note", "footnote"} and len(block.text) > 8)]
    assert damaged
    shown = "".join(Page(rendered.html).text.split()) + "".join(rendered.text.split())
    assert [text for text in out if "".join(text.split()) in shown] == []


def test_english_words_surround_korean_text(sample: Content, make_look: MakeLook, everything: Everything) -> None:
    rendered = Renderer(sample, make_look("en")).variant(everything(sample))
    page = Page(rendered.html)
    assert rendered.subject.endswith(" and 16 more")
    assert "UK 예시해양연구소 · 27 Aug 2026" in page.text
    assert "Articles are in Korean" in page.text
    assert page.languages.count("ko") > 17
    assert "무료 수신거부" in page.text
    assert "Unsubscribe for free" in page.text


def test_the_footer_names_the_sender_and_the_free_way_out_in_both_languages_and_both_parts(
    sample: Content, make_look: MakeLook
) -> None:
    for language in ("ko", "en"):
        look = make_look(language, advertising=True)
        rendered = Renderer(sample, look).variant(placed(["p3"]))
        assert rendered.subject.startswith("(광고) ")
        for part in (Page(rendered.html).text, rendered.text):
            for fact in (
                "새벽기술 소식",
                "news@example.org",
                "예시구 예시로 1",
                "02-000-0000",
                "무료",
                "free of charge",
            ):
                assert fact in part


def test_a_table_is_one_line_that_leads_to_the_item(sample: Content, make_look: MakeLook) -> None:
    page = Page(Renderer(sample, make_look()).variant(placed(["f1"])).html)
    assert "표 · 부이가 재는 것: 수온 / 염분 / … (4)" in page.text
    assert page.links.count(make_look().links.item("f1")) == 3


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org/x", "https://", "http://a b"]
)
def test_only_a_web_address_is_a_link(sample: Content, make_look: MakeLook, url: str) -> None:
    page = Page(Renderer(with_item(sample, source=Source(url=url)), make_look()).variant(placed(["f1"])).html)
    assert "원문 보기" not in page.text
    assert all(urlsplit(link).scheme == "https" for link in page.links)


# Tracking


def test_aggregate_has_one_image_the_same_for_all(sample: Content, make_look: MakeLook, personal: Personal) -> None:
    look = make_look("ko", "aggregate")
    rendered = Renderer(sample, look).variant(placed(["p3"]))
    assert Page(rendered.html).images == [look.links.pixel()]
    assert look.links.item("p3") in Page(rendered.html).links


def test_none_has_no_image_and_plain_links(sample: Content, make_look: MakeLook) -> None:
    look = make_look("ko", "none")
    page = Page(Renderer(sample, look).variant(placed(["p3"])).html)
    assert page.images == []
    assert look.links.item("p3") in page.links
    assert not any("/c/" in link for link in page.links)


def test_individual_has_personal_links_and_a_place_for_the_providers_pixel_near_the_top(
    sample: Content, make_look: MakeLook, personal: Personal
) -> None:
    look = make_look("ko", "individual")
    rendered = Renderer(sample, look).variant([*placed(["p3"]), *placed(["c2"], "line")])
    assert rendered.html.count(open_tag(look.nonce)) == 1
    assert rendered.html.index(open_tag(look.nonce)) < rendered.html.index("건, 약")
    assert open_tag(look.nonce) not in rendered.text
    filled = fill(rendered.html, substitutions(look.nonce, personal, "individual"))
    assert Page(filled).images == []
    assert {look.links.click("c" * 40, 8), look.links.click("c" * 40, 11)} <= set(Page(filled).links)
    assert look.links.item("p3") not in Page(filled).links


# Plain text


@pytest.mark.parametrize("tracking", ["aggregate", "individual", "none"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_item_and_link_of_the_html_is_in_the_text(
    issue: Content, make_look: MakeLook, choose: Choose, language: str, tracking: str
) -> None:
    look = make_look(language, tracking, note="말씀")
    renderer = Renderer(issue, look)
    dice = random.Random(f"text {language}")  # noqa: S311 -- test data, repeatable
    for _ in range(20):
        placements = choose(issue, dice)
        rendered = renderer.variant(placements)
        lines = [line.strip() for line in rendered.text.splitlines()]
        links = [link for link in Page(rendered.html).links if not link.startswith("#")]
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


# Sizes


def test_a_variant_keeps_the_budget(issue: Content, make_look: MakeLook, everything: Everything) -> None:
    renderer = Renderer(issue, make_look("ko", "individual"))
    fitting, turned = renderer.fit(everything(issue))
    assert (list(fitting), turned) == (everything(issue), ())
    assert len(renderer.variant(fitting).html.encode()) <= 60_000


def heavy(sample: Content, letters: int) -> Content:
    items = tuple(replace(item, summary=f"{'가' * letters} {item.id}", body=()) for item in sample.items)
    return replace(sample, items=items)


def test_over_budget_items_become_lines_from_the_last_up(
    sample: Content, make_look: MakeLook, everything: Everything
) -> None:
    content = heavy(sample, 1_500)
    renderer = Renderer(content, make_look())
    fitting, turned = renderer.fit(everything(content))
    assert list(turned) == [item.id for item in reversed(content.items)][: len(turned)]
    assert 0 < len(turned) < 17
    lines = [p.item for p in fitting if p.form == "line"]
    assert lines == [item.id for item in content.items if item.id in turned]
    assert sorted(p.item for p in fitting) == sorted(item.id for item in content.items)
    assert len(renderer.variant(fitting).html.encode()) <= BUDGET
    one_more = [p for p in fitting if p.item != turned[-1]]
    back = [
        *(p for p in one_more if p.form == "full"),
        Placement(turned[-1], "full"),
        *(p for p in one_more if p.form == "line"),
    ]
    assert renderer._weight_of(back) > BUDGET


def test_the_weight_of_a_variant_is_the_sum_of_its_pieces(
    issue: Content, make_look: MakeLook, choose: Choose, personal: Personal
) -> None:
    renderer = Renderer(issue, make_look("ko", "individual"))
    dice = random.Random(7)  # noqa: S311 -- test data, repeatable
    for _ in range(50):
        placements = choose(issue, dice)
        html = renderer.variant(placements).html
        allowance = html.count(tags(renderer.look.nonce).prefix) * 64
        assert 0 <= renderer._weight_of(placements) - len(html.encode()) - allowance <= 8  # slots of pieces left out
        filled = fill(html, substitutions(renderer.look.nonce, personal, "individual"))
        assert len(filled.encode()) <= renderer._weight_of(placements)


def test_above_the_hard_limit_a_mail_is_refused_and_its_heaviest_item_named(
    sample: Content, make_look: MakeLook
) -> None:
    renderer = Renderer(with_item(sample, title="가" * 1_700_000), make_look())
    for form in ("full", "line"):
        with pytest.raises(RenderError, match="'f1'"):
            renderer.variant([*placed(["f1"], form), *placed(["c1"], "line")])
        with pytest.raises(RenderError, match="'f1'"):
            renderer.fit(placed(["f1"], form))
    assert len(renderer.variant(placed(["t1", "c1"])).html.encode()) < HARD_LIMIT
    assert renderer.weights()["f1"] > 5_000_000


# Faults, S-34

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</mj-text></mj-column></mj-section><mj-raw><script>x</script></mj-raw>",
    '<mj-include path="/etc/passwd" />',
    "{{ 7 * 7 }}",
    "{{ ''.__class__.__mro__ }}",
    "{% include '/etc/passwd' %}",
    "{# comment #}",
    "${7*7}",
    "<%= 7*7 %>",
    "#{7*7}",
    "[[${7*7}]]",
    "{{7*'7'}}",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)",
    '" style="x:expression(alert(1))',
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "<![CDATA[<script>]]>",
    "<!--<script>-->",
    "--><script>alert(1)</script><!--",
    "<![endif]--><script>alert(1)</script>",
    "<!--[if mso]><b>x</b><![endif]-->",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "\\u003cscript\\u003e",
    "<style>*{display:none}</style>",
    "<base href='https://example.com/'>",
    "<meta http-equiv=refresh content=0>",
    "<iframe src='https://example.com'></iframe>",
    "<form action='https://example.com'>",
    "<object data=x>",
    "<link rel=stylesheet href=x>",
    "<math><mi//xlink:href='data:x,<script>'>",
    "<title>x</title>",
    "</body></html>",
    "<plaintext>",
    "<textarea>",
    "\x00<script>\x00",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "%0d%0aX-Header: y",
    "a\r\nBcc: bob@example.org",
]
FORBIDDEN_TAGS = {
    "script",
    "style",
    "svg",
    "iframe",
    "form",
    "object",
    "link",
    "meta",
    "base",
    "math",
    "title",
    "plaintext",
    "textarea",
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_printed_and_not_run(sample: Content, make_look: MakeLook, payload: str) -> None:
    content = with_item(
        sample, title=payload, summary=payload, body=(Block("bullet", 0, f"점 {payload}"),), categories=(payload,)
    )
    look = make_look(note=payload, why=payload)
    rendered = Renderer(content, look).variant(placed(["f1", "c1"]))
    page = Page(rendered.html)
    assert not FORBIDDEN_TAGS & set(page.tags)
    assert page.images == [look.links.pixel()]
    assert all(urlsplit(link).scheme == "https" for link in page.links)
    printed = " ".join(payload.replace("\x00", "").split())
    assert page.text.count(printed) >= 5
    assert printed in " ".join(rendered.text.split())
    assert "\n" not in rendered.subject


def test_an_item_that_can_not_be_rendered_is_named(sample: Content, make_look: MakeLook) -> None:
    source = (template_root() / "digest/_items.mjml").read_text()
    broken = source.replace(
        "{% macro clipping(it) %}", "{% macro clipping(it) %}{% if it.id == 'c4' %}{{ it.missing }}{% endif %}"
    )
    loader = ChoiceLoader([DictLoader({"digest/_items.mjml": broken}), FileSystemLoader(template_root())])
    with pytest.raises(RenderError, match=r"'c4'.*missing"):
        Renderer(sample, make_look(), loader)
    without = replace(sample, items=tuple(item for item in sample.items if item.id != "c4"))
    assert Renderer(without, make_look(), loader).variant(placed(["c3"])).full_count == 1


def test_a_template_that_does_not_parse_is_an_error_with_its_line(sample: Content, make_look: MakeLook) -> None:
    loader = ChoiceLoader([DictLoader({"digest/body.txt": "\n{% if %}"}), FileSystemLoader(template_root())])
    with pytest.raises(RenderError, match="line 2"):
        Renderer(sample, make_look(), loader)


@pytest.mark.parametrize(
    "text",
    ["\ud83d", "\u202e뒤집힌", "줄\r\n바꿈", "이름" * 5_000, "{{", "{{ x }}", "\x00\x1b", "\ufffe", "", " ", "\u200b"],
)
def test_odd_text_renders_and_encodes(sample: Content, make_look: MakeLook, text: str) -> None:
    content = with_item(
        sample, title=text, summary=text, categories=(text,), source=Source("美", text, text, text, text)
    )
    rendered = Renderer(content, make_look()).variant([*placed(["c1"]), *placed(["f1"], "line")])
    (rendered.html + rendered.text + rendered.subject).encode()
    assert not re.search("[\u202a-\u202e\x00\x1b\r]", rendered.html + rendered.text)


def test_an_issue_that_holds_a_tag_of_the_campaign_is_refused(sample: Content, make_look: MakeLook) -> None:
    tag = tags(make_look().nonce).picks_html
    for split in (tag, tag.replace("_", "\x00_")):
        with pytest.raises(RenderError, match=r"'f1'.*nonce"):
            Renderer(with_item(sample, title=split), make_look())
    with pytest.raises(RenderError, match=r"note.*nonce"):
        Renderer(sample, make_look(note=f"말 {tag}"))
    other = with_item(sample, title=tag.replace("0123", "ffff"))
    assert Renderer(other, make_look()).variant(placed(["f1"])).subject == other.items[0].title


def test_a_mail_needs_items_that_exist_and_stand_once(sample: Content, make_look: MakeLook) -> None:
    renderer = Renderer(sample, make_look())
    for wrong, says in (
        (placed([]), "without items"),
        (placed(["x"]), "no item 'x'"),
        (placed(["f1", "f1"]), "2 times"),
    ):
        with pytest.raises(RenderError, match=says):
            renderer.variant(wrong)


def test_no_mail_says_none_or_shows_an_unfilled_place(
    issue: Content, make_look: MakeLook, choose: Choose, personal: Personal
) -> None:
    """R-74 on 240 mails of six looks."""
    dice = random.Random(74)  # noqa: S311 -- test data, repeatable
    for language in ("ko", "en"):
        for tracking in ("aggregate", "individual", "none"):
            renderer = Renderer(issue, make_look(language, tracking))
            values = substitutions(renderer.look.nonce, personal, renderer.look.tracking)
            for _ in range(40):
                rendered = renderer.variant(choose(issue, dice))
                for part in (
                    rendered.subject,
                    rendered.preheader,
                    fill(rendered.html, values),
                    fill(rendered.text, values),
                ):
                    assert part.strip()
                    assert not re.search(
                        r"\bNone\b|\{\{|\}\}|\{%|undefined|@@|zq[0-9a-f]{16}|<mj-|-nl[0-9a-f]{8}", part
                    )


def test_an_issue_without_words_still_makes_a_mail(make_look: MakeLook) -> None:
    content = Content("", 2026, 1, sections=(), items=(Item("a", "clipping", "s", ""),))
    rendered = Renderer(content, make_look()).variant(placed(["a"]))
    assert rendered.subject == "제목 없음"
    assert rendered.preheader == "새벽기술 소식 2026년 1호"
