"""For whoever watches the process: does it live, can it write?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from newsletter.events.inbox import require_writable
from newsletter.web.site import site_of


def healthz(_request: Request) -> PlainTextResponse:
    """The process lives."""
    return PlainTextResponse("ok\n")


def readyz(request: Request) -> PlainTextResponse:
    """The database takes a write, so a webhook could be answered; a read-only or lost one does not."""
    try:
        require_writable(site_of(request).product.database)
    except Exception:  # noqa: BLE001 -- whatever is wrong, the answer is no
        return PlainTextResponse("not ready\n", 503)
    return PlainTextResponse("ready\n")
