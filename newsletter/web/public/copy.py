"""One reader's mail as a page, locked up: no scripts, no forms, nothing from elsewhere."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.errors import NotFound
from newsletter.kit.tokens import Purpose
from newsletter.web.headers import EMAIL_POLICY
from newsletter.web.site import numbers_of, site_of


def web_copy(request: Request) -> Response:
    """The mail as it went out."""
    site = site_of(request)
    campaign_id, position = numbers_of(request, Purpose.WEB_COPY, 2)
    try:
        with site.product.database.read() as session:
            html = site.composer.web_copy(session, campaign_id, position)
    except NotFound:
        raise HTTPException(404) from None
    return HTMLResponse(html, headers={"Content-Security-Policy": EMAIL_POLICY})
