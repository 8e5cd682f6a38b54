"""For whoever watches the process: does it live, can it write?"""

from __future__ import annotations

from sqlalchemy import update
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from newsletter.events.models import InboxPost
from newsletter.web.site import site_of


def healthz(_request: Request) -> PlainTextResponse:
    """The process lives."""
    return PlainTextResponse("ok\n")


def readyz(request: Request) -> PlainTextResponse:
    """The database takes a write: one that changes no row, and that a read-only or lost database refuses."""
    try:
        with site_of(request).product.database.write() as session:
            session.execute(update(InboxPost).where(col(InboxPost.id) == -1).values(failure_count=0))
    except Exception:  # noqa: BLE001 -- whatever is wrong, the answer is no
        return PlainTextResponse("not ready\n", 503)
    return PlainTextResponse("ready\n")
