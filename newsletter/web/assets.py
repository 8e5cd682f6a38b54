"""The two files that pages link to. Their addresses carry a digest, so browsers keep them for ever."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.web.pages import asset

_TYPES = {"site.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


def static(request: Request) -> Response:
    """A file of ours, by its exact name."""
    name = request.path_params["name"]
    if name not in _TYPES:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(asset(name), media_type=_TYPES[name], headers=headers)
