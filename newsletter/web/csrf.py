"""Does an unsafe request come from a page of ours? Pure (OWASP ASVS 3.5.1).

A trusted `Origin` says yes; else the browser's own word in `Sec-Fetch-Site`; else an `Origin` that names this very
host. A request with none of the three is refused: every browser of the last years sends one of them with a form.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_EXEMPT = re.compile(r"/webhooks/sendgrid|/u/[^/]+")
"""The webhook proves itself by a signature, the one-click leaving by its token (RFC 8058, section 3.1)."""


def is_exempt(method: str, path: str) -> bool:
    """Whether this request needs no proof of where it comes from."""
    return method in SAFE_METHODS or _EXEMPT.fullmatch(path) is not None


def is_own(trusted: Collection[str], origin: str | None, fetch_site: str | None, host: str | None) -> bool:
    """Whether it was sent by a page of ours."""
    if origin in trusted:
        return True
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    return origin is not None and host is not None and urlsplit(origin).netloc == host


def origin_of(url: str) -> str:
    """`https://host[:port]` of an address, in the form that browsers send."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
