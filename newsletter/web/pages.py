"""Pages as HTML: the one Jinja environment of the site, and the two ways a page leaves it.

Templates are ours and nobody edits them at run time; the sandbox is a second wall (S-34).
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from newsletter.rendering.escaping import clean
from newsletter.rendering.look import Language
from newsletter.web.phrases import as_language, phrases, preferred


@cache
def environment() -> SandboxedEnvironment:
    """Strict, sandboxed, everything escaped."""
    env = ImmutableSandboxedEnvironment(
        loader=PackageLoader("newsletter.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=clean,
    )
    env.filters["with"] = _with
    env.globals["style"] = f"/static/site.css?v={asset_digest('site.css')}"
    env.globals["icon"] = f"/static/icon.svg?v={asset_digest('icon.svg')}"
    return env


@cache
def asset(name: str) -> bytes:
    """A file that pages link to."""
    return files("newsletter.web").joinpath("static", name).read_bytes()


@cache
def asset_digest(name: str) -> str:
    """Changes with the file, so that browsers may keep it for ever."""
    return sha256(asset(name)).hexdigest()[:12]


def language_of(request: Request, otherwise: Language | None = None) -> Language:
    """What was asked for by `?lang=`, else the reader's own, else the browser's."""
    asked = request.query_params.get("lang")
    if asked in {"ko", "en"}:
        return as_language(asked)
    return otherwise or preferred(request.headers.get("accept-language", ""))


def page(
    request: Request,
    name: str,
    language: Language,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,  # noqa: ANN401 -- what templates print
) -> HTMLResponse:
    """A page from its template. `switch` links the same page in the other language."""
    html = (
        environment()
        .get_template(f"{name}.html")
        .render(t=phrases(language), language=language, switch=_switch(request, language), **values)
    )
    return HTMLResponse(html, status, headers)


def problem(request: Request, status: int, headers: dict[str, str] | None = None) -> HTMLResponse:
    """The page for an answer that is no success: the same for every cause of a status, so that it tells nothing."""
    language = language_of(request)
    known = phrases(language).problems
    title, lead = known.get(status, known[400 if status < 500 else 500])
    return page(request, "problem", language, status=status, headers=headers, title=title, lead=lead)


def _switch(request: Request, language: Language) -> str:
    """The other language's address of this page. Only for GET: the answer to a POST can't be asked for again."""
    if request.method not in {"GET", "HEAD"}:
        return ""
    return "?lang=ko" if language == "en" else "?lang=en"


def _with(phrase: str, *given: object, **values: object) -> Markup:
    """A phrase of ours, which may hold markup, with values that may not."""
    return Markup(phrase).format(*given, **values)  # noqa: S704 -- phrases are constants of this package
