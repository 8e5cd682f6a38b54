"""The templates keep clear of the compiler's known traps (docs/email.md lists them)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.parsers import expat

import pytest

from newsletter.issues.content import Content
from newsletter.rendering.environment import template_root
from newsletter.rendering.look import Look
from newsletter.rendering.mjml import compile_mjml
from newsletter.rendering.palette import DARK, LIGHT, Palette, contrast
from newsletter.rendering.personal import Personal
from newsletter.rendering.renderer import Renderer

MakeLook = Callable[..., Look]
TEMPLATES = sorted(template_root().rglob("*.mjml"))
KNOWN = {
    "mjml": {"lang"},
    "mj-head": set[str](),
    "mj-title": set[str](),
    "mj-preview": set[str](),
    "mj-attributes": set[str](),
    "mj-all": {"font-family"},
    "mj-raw": set[str](),
    "mj-style": set[str](),
    "mj-body": {"css-class", "width", "background-color"},
    "mj-section": {"css-class", "background-color", "padding"},
    "mj-column": set[str](),
    "mj-text": {"css-class", "font-size", "line-height", "color", "padding"},
}


def faults_of_template(source: str) -> list[str]:
    """What no template may hold, outside Jinja's own comments."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    tags = re.sub(r"\{[{%].*?[}%]\}", "", source, flags=re.DOTALL)
    found = {
        "comment": "<!--" in source,
        "single-quoted attribute": re.search(r"<[^>]*\s[\w-]+='", tags) is not None,
        "bare 0 in padding": re.search(r"padding[\w-]*[:=]\"?[^;\">]*(?<![\d.])0(?![\d.px])", tags) is not None,
        "line break in an attribute": re.search(r'="[^"<>]*\n', tags) is not None,
        "attribute without the filter": re.search(r'(?:href|src|alt|title)="[^"]*\{\{(?![^}]*\|attr)[^}]*\}\}', source)
        is not None,
        "image without alt": any('alt="' not in image for image in re.findall(r"<(?:mj-image|img)\b[^>]*>", source)),
        "carriage return": "\r" in source,
    }
    return [name for name, there in found.items() if there]


def faults_of_source(mjml: str) -> Iterator[str]:
    """Tags and attributes that the compiler would ignore in silence, and attributes given twice."""
    found: list[str] = []

    def enter(name: str, attributes: dict[str, str]) -> None:
        if name.startswith("mj"):
            unknown = set(attributes) - KNOWN.get(name, set()) if name in KNOWN else {"the tag itself"}
            found.extend(f"{name}: {attribute}" for attribute in unknown)

    parser = expat.ParserCreate()  # refuses an attribute given twice
    parser.StartElementHandler = enter
    parser.Parse(mjml.encode(), True)  # noqa: FBT003 -- positional in the standard library
    yield from found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_keeps_clear_of_the_traps(path: object) -> None:
    source = template_root().joinpath(str(path)).read_text()
    assert faults_of_template(source) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("<!-- x -->", "comment"),
        ("<mj-text css-class='a'>", "single-quoted attribute"),
        ('<mj-text padding="0 4px">', "bare 0 in padding"),
        ('<p style="padding:4px 0;">', "bare 0 in padding"),
        ('<p style="a:b;\nc:d">', "line break in an attribute"),
        ('<a href="{{ it.url }}">', "attribute without the filter"),
        ('<img src="x">', "image without alt"),
        ("<p>\r\n</p>", "carriage return"),
    ],
)
def test_the_lint_sees_what_it_is_for(source: str, fault: str) -> None:
    assert faults_of_template(source) == [fault]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_source_holds_only_known_tags_and_attributes(
    sample: Content, make_look: MakeLook, personal: Personal, everything: Callable[..., list[object]], language: str
) -> None:
    renderer = Renderer(sample, make_look(language, note="말"))
    mjml = renderer.mjml(everything(sample), personal)  # type: ignore[arg-type]  # a fixture of placements
    assert list(faults_of_source(mjml)) == []
    assert list(faults_of_source(mjml.replace("<mj-column>", '<mj-column wdith="3px">'))) != []
    assert list(faults_of_source(mjml.replace("mj-preview", "mj-prview"))) != []


def test_the_compiler_is_called_without_remote_fonts() -> None:
    text = '<mj-text font-family="Roboto">a</mj-text>'
    html = compile_mjml(f"<mjml><mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body></mjml>")
    assert "fonts.googleapis" not in html
    assert "@import" not in html


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_contrast(palette: Palette) -> None:
    pairs = [
        (palette.ink, palette.card),
        (palette.ink, palette.page),
        (palette.quiet, palette.card),
        (palette.quiet, palette.page),
        (palette.accent, palette.card),
        (palette.accent, palette.page),
        (palette.accent, palette.chip),
        (palette.on_band, palette.band),
        (palette.band_quiet, palette.band),
    ]
    assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}
    assert contrast("#777777", "#ffffff") < 4.5  # the control: one shade too light


def test_no_text_is_smaller_than_fourteen_pixels(
    sample: Content, make_look: MakeLook, personal: Personal, everything: Callable[..., list[object]]
) -> None:
    mjml = Renderer(sample, make_look()).mjml(everything(sample), personal)  # type: ignore[arg-type]  # placements
    sizes = {int(size) for size in re.findall(r'font-size[:=]"?(\d+)px', mjml)}
    assert sizes == {14, 16, 18, 20, 28}
