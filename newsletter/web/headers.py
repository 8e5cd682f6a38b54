"""The headers of every answer, errors too. A route's own header of the same name wins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Pages of ours hold no script, and nothing from elsewhere."""
EMAIL_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""An email shown as a page keeps its inline styles, and is locked up for it."""

_ALWAYS: Final = (
    (b"strict-transport-security", b"max-age=63072000"),
    (b"content-security-policy", PAGE_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # `no-referrer` would make browsers send `Origin: null` with our own forms
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"),
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex, nofollow"),
)

Header = tuple[bytes, bytes]


def completed(own: Iterable[Header]) -> list[Header]:
    """A route's headers and those that it did not set itself."""
    found = list(own)
    names = {name.lower() for name, _ in found}
    return [*found, *(header for header in _ALWAYS if header[0] not in names)]
