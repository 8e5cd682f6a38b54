"""Posts from providers: genuine, then durable, then answered. Nothing is applied here."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.events import inbox
from newsletter.events.sendgrid import SIGNATURE_HEADER, TIMESTAMP_HEADER
from newsletter.kit.faults import fp
from newsletter.web.site import site_of


async def sendgrid(request: Request) -> Response:
    """The Event Webhook. 403 for a post that none of our keys signed; 200 means that it survives us."""
    site = site_of(request)
    body = await request.body()
    headers = request.headers
    if not site.verifier.genuine(body, headers.get(TIMESTAMP_HEADER), headers.get(SIGNATURE_HEADER)):
        raise HTTPException(403)
    await run_in_threadpool(inbox.store, site.product.database, inbox.SENDGRID, body, site.product.clock.now())
    fp("18")
    return Response()
