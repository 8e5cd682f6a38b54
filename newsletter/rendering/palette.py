"""The colours of the emails, light and dark: one accent, and nothing below a contrast of 4.5 to 1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as six hexadecimal digits, so that they can be checked and printed alike."""

    page: str
    """Behind everything; the footer's ground."""
    card: str
    """The sheet the items stand on."""
    ink: str
    quiet: str
    """Sources, tables, footer."""
    accent: str
    """Headings and links."""
    rule: str
    """Hairlines."""
    chip: str
    """The ground of a chip; its text has the accent."""
    band: str
    """The masthead's ground, the same in light and dark."""
    on_band: str
    band_quiet: str


LIGHT = Palette(
    page="#f2f1ed",
    card="#ffffff",
    ink="#1c2329",
    quiet="#59636c",
    accent="#0d5c63",
    rule="#dfe3e4",
    chip="#e8f1f0",
    band="#0f3f46",
    on_band="#ffffff",
    band_quiet="#b9d3d3",
)
DARK = Palette(
    page="#101416",
    card="#181e21",
    ink="#e6eaec",
    quiet="#a3aeb5",
    accent="#7cc7c9",
    rule="#323b40",
    chip="#22353a",
    band="#0f3f46",
    on_band="#ffffff",
    band_quiet="#b9d3d3",
)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
