"""The small pure rules of the pages."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.palette import DARK, LIGHT
from newsletter.web import phrases
from newsletter.web.csrf import is_exempt, is_own, origin_of
from newsletter.web.mask import cut_ip, masked
from newsletter.web.pages import asset
from newsletter.web.phrases import ENGLISH, KOREAN, preferred
from newsletter.web.public.wishes import PreferencesForm, Refused, as_change, check, parse
from subscribers.models import Cadence, Tracking
from subscribers.selections import WhenEmpty, Wishes

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
HOME = "https://news.example.com"
FIELDS = [("cadence", "each"), ("language", "ko"), ("tracking", "none")]


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("alice@example.com", "a***@e***.com"),
        ("a@b.co.kr", "a***@b***.kr"),
        (None, "•••"),
        ("", "•••"),
        ("odd", "•••"),
    ],
)
def test_an_address_is_masked(email: str | None, shown: str) -> None:
    assert masked(email) == shown


@pytest.mark.parametrize(
    ("ip", "cut"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::9", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", None),
        ("", None),
    ],
)
def test_an_ip_is_cut(ip: str, cut: str | None) -> None:
    assert cut_ip(ip) == cut


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ko"),
        ("en-US,en;q=0.9", "en"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("fr,en;q=0.4,ko;q=0.3", "en"),
        ("de", "ko"),
        ("en;q=zero", "en"),
        (",;q=,", "ko"),
    ],
)
def test_the_browser_says_the_language(header: str, language: str) -> None:
    assert preferred(header) == language


@given(st.text(max_size=60))
def test_no_language_header_breaks_a_page(header: str) -> None:
    assert preferred(header) in {"ko", "en"}


def test_both_languages_have_the_same_choices() -> None:
    for field in dataclasses.fields(KOREAN):
        ours, theirs = getattr(KOREAN, field.name), getattr(ENGLISH, field.name)
        if isinstance(ours, dict):
            assert ours.keys() == theirs.keys()
        else:
            assert ours.count("{") == theirs.count("{")


@pytest.mark.parametrize(
    ("origin", "site", "host", "own"),
    [
        (HOME, None, None, True),
        (HOME, "cross-site", None, True),
        ("https://evil.example.net", None, "news.example.com", False),
        ("https://evil.example.net", "cross-site", "news.example.com", False),
        ("null", "same-origin", None, True),
        ("null", None, "news.example.com", False),
        (None, "same-origin", None, True),
        (None, "none", None, True),
        (None, "same-site", None, False),
        (None, "cross-site", None, False),
        ("http://127.0.0.1:8000", None, "127.0.0.1:8000", True),
        (None, None, "news.example.com", False),
        (None, None, None, False),
    ],
)
def test_a_post_is_ours_or_refused(origin: str | None, site: str | None, host: str | None, own: bool) -> None:
    assert is_own([HOME], origin, site, host) is own


@pytest.mark.parametrize(
    ("method", "path", "exempt"),
    [
        ("GET", "/p/x", True),
        ("POST", "/u/x", True),
        ("POST", "/webhooks/sendgrid", True),
        ("POST", "/u/x/all", False),
        ("POST", "/u/x/undo", False),
        ("POST", "/u/", False),
        ("POST", "/p/x", False),
        ("POST", "/webhooks/sendgrid/x", False),
        ("DELETE", "/", False),
    ],
)
def test_exempt_are_exactly_one_click_and_the_webhook(method: str, path: str, exempt: bool) -> None:
    assert is_exempt(method, path) is exempt


def test_the_origin_of_an_address() -> None:
    assert origin_of("https://News.Example.com/base/") == HOME
    assert origin_of("http://127.0.0.1:8000") == "http://127.0.0.1:8000"


def test_a_form_becomes_a_change() -> None:
    form = parse([
        *FIELDS, ("section", "policy"), ("section", "clipping"), ("all_categories", "1"), ("focus", "1"),
        ("name", "  Alice "), ("pause", "14"),
    ])  # fmt: skip
    assert isinstance(form, PreferencesForm)
    change = as_change(form, NOW)
    assert change.wishes == Wishes(("clipping", "policy"), (), all_categories=True, when_empty=WhenEmpty.FOCUS)
    assert (change.name, change.language, change.cadence, change.tracking) == (
        "Alice",
        "ko",
        Cadence.EACH,
        Tracking.NONE,
    )
    assert change.paused_until == NOW + timedelta(days=14)


def test_an_empty_name_stays_and_a_ticked_box_removes_it() -> None:
    kept, gone = parse(FIELDS), parse([*FIELDS, ("forget_name", "1"), ("name", "x")])
    assert isinstance(kept, PreferencesForm)
    assert isinstance(gone, PreferencesForm)
    assert (as_change(kept, NOW).name, as_change(gone, NOW).name) == (None, "")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ([], ("form",)),
        ([*FIELDS, ("role", "owner")], ("form",)),
        ([*FIELDS, ("subscriber_id", "7")], ("form",)),
        ([*FIELDS, ("cadence", "weekly")], ("form",)),
        ([("cadence", "hourly"), *FIELDS[1:]], ("form",)),
        ([*FIELDS, ("all_sections", "yes")], ("form",)),
        ([*FIELDS, ("pause", "9999")], ("form",)),
        ([*FIELDS, ("name", "a\nb")], ("name",)),
        ([*FIELDS, ("name", "x" * 201)], ("name",)),
        ([*FIELDS, ("name", "x" * 201), ("q", "")], ("form", "name")),
    ],
)
def test_what_our_page_does_not_send_is_refused(fields: list[tuple[str, str]], errors: tuple[str, ...]) -> None:
    """S-27."""
    assert parse(fields) == Refused(errors)


def test_picks_that_the_list_does_not_offer_are_refused_by_name() -> None:
    form = parse([*FIELDS, ("section", "policy"), ("category", "secret")])
    assert isinstance(form, PreferencesForm)
    assert check(form, {"policy"}, {"AI"}) == Refused(("category",))
    assert check(form, {"policy"}, {"AI", "secret"}) is None


def test_every_phrase_is_said_somewhere() -> None:
    pages = "".join(
        path.read_text() for path in Path(phrases.__file__).parent.rglob("*") if path.suffix in {".html", ".py"}
    )
    unused = [field.name for field in dataclasses.fields(KOREAN) if f".{field.name}" not in pages]
    assert unused == []


def test_pages_and_emails_share_their_colours() -> None:
    style = asset("site.css").decode()
    light, dark = style.split("@media (prefers-color-scheme: dark)", 1)
    for name in ("page", "card", "ink", "quiet", "accent", "rule", "chip"):
        assert f"--{name}: {getattr(LIGHT, name)}" in light
        assert f"--{name}: {getattr(DARK, name)}" in dark


def test_no_page_loads_anything_from_elsewhere() -> None:
    style = asset("site.css").decode()
    assert "url(" not in style
    assert "@import" not in style
