"""One path, one resource: its methods stand together, so that 405 can name them all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.web.guard import TEMPLATE

Handler = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


def resource(path: str, *, get: Handler | None = None, post: Handler | None = None) -> Route:
    """A route whose plain functions run in a thread, since they wait for the database. HEAD is answered as GET is."""
    handlers = {"GET": get, "HEAD": get, "POST": post}
    methods = [method for method, handler in handlers.items() if handler is not None]

    async def endpoint(request: Request) -> Response:
        request.scope[TEMPLATE] = path
        handler = handlers[request.method]
        assert handler is not None
        if iscoroutinefunction(handler):
            answer = await handler(request)
        else:
            answer = await run_in_threadpool(handler, request)
        assert isinstance(answer, Response)
        return answer

    return Route(path, endpoint, methods=methods)
