"""The site: its routes, its wall, and nothing else that answers (no /docs, no schema)."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.jobs.product import Product
from newsletter.kit.tokens import BadToken
from newsletter.web import assets, health, hooks
from newsletter.web.csrf import origin_of
from newsletter.web.guard import Guard
from newsletter.web.pages import problem
from newsletter.web.public import archive, copy, leaving, preferences, tracking
from newsletter.web.routes import resource
from newsletter.web.site import Site


def create_app(product: Product) -> FastAPI:
    """The site of a product. Raises `SettingsError` for a webhook key that can't be read."""
    app = FastAPI(
        routes=_routes(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _problem, BadToken: _bad_token},
    )
    app.state.site = Site.of(product)
    app.add_middleware(Guard, trusted=[origin_of(product.settings.base_url)])
    return app


def _routes() -> list[BaseRoute]:
    return [
        resource("/", get=archive.home),
        resource("/issues/{slug}/{issue}", get=archive.issue),
        resource("/issues/{slug}/{issue}/{item}", get=archive.item),
        resource("/m/{token}", get=copy.web_copy),
        resource("/u/{token}", get=leaving.ask, post=leaving.leave),
        resource("/u/{token}/undo", post=leaving.undo),
        resource("/u/{token}/all", post=leaving.leave_all),
        resource("/p/{token}", get=preferences.show, post=preferences.save),
        resource("/o/{campaign_ref}.gif", get=tracking.pixel),
        resource("/c/{token}/{number:int}", get=tracking.click),
        resource("/webhooks/sendgrid", post=hooks.sendgrid),
        resource("/healthz", get=health.healthz),
        resource("/readyz", get=health.readyz),
        resource("/static/{name}", get=assets.static),
    ]


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(request, error.status_code, dict(error.headers or {}))


async def _bad_token(request: Request, _error: Exception) -> Response:
    """One page for every fault of a link, and the same as for an address that was never there."""
    return problem(request, 404)
