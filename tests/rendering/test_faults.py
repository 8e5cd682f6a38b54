"""Text that can't be rendered, or wants to run: R-71, R-73, R-74, S-34. The rest of the campaign goes on."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader

from newsletter.errors import RenderError
from newsletter.issues.content import Block, Content, Item, Placement, Source
from newsletter.rendering.environment import template_root
from newsletter.rendering.look import Language, Look
from newsletter.rendering.personal import Personal, fill, picks, substitutions, tags
from newsletter.rendering.renderer import Renderer

MakeLook = Callable[..., Look]
NONCE = "0123456789abcdef"
Choose = Callable[[Content, random.Random], list[Placement]]
ReadPage = Callable[[str], Any]
"""What `read_page` gives: links, images, tags, text and languages of a mail."""


def placed(ids: Iterable[str], form: str = "full") -> list[Placement]:
    return [Placement(item, "line" if form == "line" else "full") for item in ids]


def with_item(content: Content, **changes: object) -> Content:
    """The issue with its first item changed."""
    first, *rest = content.items
    return replace(content, items=(replace(first, **changes), *rest))  # type: ignore[arg-type]  # any field of Item


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
def test_a_payload_is_printed_and_not_run(
    read_page: ReadPage, sample: Content, make_look: MakeLook, payload: str
) -> None:
    content = with_item(
        sample, title=payload, summary=payload, body=(Block("bullet", 0, f"점 {payload}"),), categories=(payload,)
    )
    look = make_look(note=payload, why=payload)
    rendered = Renderer(content, look).variant(placed(["f1", "c1"]))
    page = read_page(rendered.html)
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


def test_a_template_that_fails_everywhere_blames_no_item(sample: Content, make_look: MakeLook) -> None:
    source = (template_root() / "digest/body.txt").read_text() + "{{ nowhere }}"
    loader = ChoiceLoader([DictLoader({"digest/body.txt": source}), FileSystemLoader(template_root())])
    with pytest.raises(RenderError, match=r"^The email template can't be filled: 'nowhere'"):
        Renderer(sample, make_look(), loader)


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
    issue: Content, make_look: MakeLook, choose: Choose, personal: Personal, request: pytest.FixtureRequest
) -> None:
    """R-74 on 240 mails of six looks, with `make torture` on ten thousand."""
    per_look = 1_667 if request.config.getoption("--examples") >= 1_000 else 40
    dice = random.Random(74)  # noqa: S311 -- test data, repeatable
    for language in ("ko", "en"):
        for tracking in ("aggregate", "individual", "none"):
            renderer = Renderer(issue, make_look(language, tracking))
            values = substitutions(renderer.look.nonce, personal, renderer.look.tracking)
            for _ in range(per_look):
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


def extreme_readers() -> list[Personal]:
    """Twenty readers whose picks are at the edge of what a mail can hold, ten of them beyond it."""
    token = "t" * 43
    within = ["가", "가" * 600, "&" * 600, "<b>", "{{ x }}", "\u202e뒤", "줄\r\n바꿈", "\"'\\", "👩‍👩‍👧‍👦", "-nl-"]
    good = [Personal(said, token, token, token, token) for said in within]
    alice = good[0]
    beyond = [{"picks": said} for said in ("", " ", "\x00", "가" * 601, "이름" * 5_000, f"-nl{NONCE}_x-")]
    beyond += [{"preferences": ""}, {"unsubscribe": "a b"}, {"web_copy": "<"}, {"unsubscribe": "t" * 600}]
    return [*good, *(replace(alice, **change) for change in beyond)]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_dry_run_of_readers_excludes_those_that_can_not_be_rendered_and_no_other(
    issue: Content, make_look: MakeLook, choose: Choose, language: Language
) -> None:
    """R-73: 200 sampled and 20 extreme readers in each language, with strict templates."""
    dice = random.Random(73)  # noqa: S311 -- test data, repeatable
    names = [item.title for item in issue.items]
    sampled = [
        Personal(picks(dice.sample(names, 2), dice.sample(names, 3), dice.random() < 0.2, language), *["t" * 43] * 4)
        for _ in range(200)
    ]
    renderers = [Renderer(issue, make_look(language, tracking)) for tracking in ("aggregate", "individual")]
    excluded = []
    for n, reader in enumerate([*sampled, *extreme_readers()]):
        renderer = renderers[n % 2]
        rendered = renderer.variant(choose(issue, dice))
        try:
            values = substitutions(NONCE, reader, renderer.look.tracking)
        except RenderError:
            excluded.append(n)
            continue
        for part in (fill(rendered.html, values), fill(rendered.text, values)):
            assert f"-nl{NONCE}" not in part
            assert part.count("t" * 43) >= 3
    assert excluded == list(range(210, 220))
