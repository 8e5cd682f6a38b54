"""Addresses in the mail."""

from __future__ import annotations

from newsletter.rendering.links import Links

LINKS = Links("https://news.example.org/", "daybreak", "2026-17", "c7")


def test_addresses_are_those_of_the_routes() -> None:
    assert LINKS.issue() == "https://news.example.org/issues/daybreak/2026-17"
    assert LINKS.item("f1") == "https://news.example.org/issues/daybreak/2026-17/f1"
    assert LINKS.pixel() == "https://news.example.org/o/c7.gif"
    assert LINKS.preferences("t") == "https://news.example.org/p/t"
    assert LINKS.unsubscribe("t") == "https://news.example.org/u/t"
    assert LINKS.web_copy("t") == "https://news.example.org/m/t"
    assert LINKS.click("t", 3) == "https://news.example.org/c/t/3"


def test_an_id_can_not_leave_its_place_in_the_path() -> None:
    assert LINKS.item("../x?y#z\ud83d") == "https://news.example.org/issues/daybreak/2026-17/..%2Fx%3Fy%23z%3F"
