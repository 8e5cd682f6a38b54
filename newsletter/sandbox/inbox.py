"""The inbox: what each reader gets, on a desktop, on a phone, in plain text, with its headers and its source.

A mail is shown in a sandboxed frame under its own policy: no script, no form, nothing but its styles and its images.
Loading it is what opening it in a mail program is, so its images are fetched and SendGrid's pixel, where it was asked
for, causes an `open` event.
"""

import json
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from importlib import resources
from typing import Any, Final
from urllib.parse import quote

from jinja2 import FunctionLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.sandbox.desk import Desk
from newsletter.sandbox.mail import Mail, body_of, with_pixel
from newsletter.sandbox.reader import Reader

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src http: https: data:; frame-ancestors 'self'"
)
VIEWS: Final = ("desktop", "phone", "text", "headers", "source", "events")
PER_PAGE: Final = 50
_PIXEL: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a mail is looked at; both come from the address line, so they are held to what there is."""

    view: str
    scheme: str

    @classmethod
    def asked(cls, request: Request) -> "Look":
        """What the address line asks for, else the desktop in the browser's own scheme."""
        view = request.query_params.get("view", VIEWS[0])
        scheme = request.query_params.get("scheme", "")
        return cls(view if view in VIEWS else VIEWS[0], scheme if scheme in {"light", "dark"} else "")


class Inbox:
    """The pages under `/`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reader = Reader(desk)
        self._pages = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._pages.filters["moment"] = _moment

    def routes(self) -> list[Route]:
        """To be mounted by the application."""
        return [
            Route("/", self._list),
            Route("/mail/{id}", self._mail),
            Route("/mail/{id}/body", self._body),
            Route("/mail/{id}/{deed:str}", self._act, methods=["POST"]),
            Route("/wf/open", self._pixel),
            Route("/static/style.css", _style),
        ]

    async def _list(self, request: Request) -> Response:
        return await run_in_threadpool(self._listed, request)

    async def _mail(self, request: Request) -> Response:
        return await run_in_threadpool(self._shown, request)

    async def _body(self, request: Request) -> Response:
        return await run_in_threadpool(self._framed, request)

    async def _pixel(self, request: Request) -> Response:
        return await run_in_threadpool(self._opened, request)

    async def _act(self, request: Request) -> Response:
        return await run_in_threadpool(self._acted, request)

    def _listed(self, request: Request) -> Response:
        self._desk.catch_up()
        search = request.query_params.get("to", "").strip()
        before = request.query_params.get("before", "")
        mails = self._desk.store.mails(search, int(before) if before.isdecimal() else None, PER_PAGE)
        return self._page(
            "list.html",
            search=search,
            mails=mails,
            older=mails[-1].seq if len(mails) == PER_PAGE else None,
            is_first=not before,
            kinds=self._desk.store.latest_kinds([mail.id for mail in mails]),
            counts=self._desk.store.counts(),
            options=self._desk.options,
        )

    def _shown(self, request: Request) -> Response:
        mail = self._found(request)
        if mail is None:
            return self._missing()
        blocks = self._desk.journal.contents.load(mail.content)
        return self._page(
            "mail.html",
            mail=mail,
            look=Look.asked(request),
            views=VIEWS,
            text=body_of(mail, blocks, "text/plain"),
            source=body_of(mail, blocks, "text/html"),
            headers=_headers(mail),
            events=[_told(one) for one in self._desk.store.events_of(mail.id)],
            note=request.query_params.get("note", ""),
        )

    def _framed(self, request: Request) -> Response:
        """The mail as a mail program would show it: with the pixel, links opening outside the frame."""
        mail = self._found(request)
        if mail is None:
            return self._missing()
        blocks = self._desk.journal.contents.load(mail.content)
        pixel = f'<img src="{request.base_url}wf/open?mail={quote(mail.id)}" width="1" height="1" alt="">'
        html = with_pixel(mail, body_of(mail, blocks, "text/html"), pixel)
        return HTMLResponse(_links_outside(html), headers={**_NO_STORE, "Content-Security-Policy": MAIL_POLICY})

    def _opened(self, request: Request) -> Response:
        mail = self._desk.mail(request.query_params.get("mail", ""))
        if mail is not None:
            self._reader.opens(mail)
        return Response(_PIXEL, media_type="image/gif", headers=_NO_STORE)

    def _acted(self, request: Request) -> Response:
        mail = self._found(request)
        if mail is None:
            return self._missing()
        deed = request.path_params["deed"]
        if deed == "open-as-machine":
            seen = self._reader.opens(mail, machine=True)
            note = "A machine opened it." if seen else "Opens of this mail are not tracked: nobody was told."
        elif deed == "unsubscribe":
            note = f"One-click unsubscription: {self._reader.unsubscribes(mail)}"
        elif deed == "complain":
            self._reader.complains(mail)
            note = "Reported as spam."
        else:
            return self._missing()
        view = Look.asked(request).view
        return RedirectResponse(f"/mail/{quote(mail.id)}?view={view}&note={quote(note)}", HTTPStatus.SEE_OTHER)

    def _found(self, request: Request) -> Mail | None:
        self._desk.catch_up()
        return self._desk.mail(request.path_params["id"])

    def _missing(self) -> Response:
        return self._page("missing.html", HTTPStatus.NOT_FOUND)

    def _page(self, name: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:  # noqa: ANN401 - what a template reads
        html = self._pages.get_template(name).render(values)
        return HTMLResponse(html, status, headers={**_NO_STORE, "Content-Security-Policy": PAGE_POLICY})


def _template(name: str) -> str:
    return resources.files("newsletter.sandbox").joinpath("templates", name).read_text()


async def _style(_: Request) -> Response:
    css = resources.files("newsletter.sandbox").joinpath("static", "style.css").read_bytes()
    return Response(css, media_type="text/css", headers={"Cache-Control": "max-age=60"})


def _links_outside(html: str) -> str:
    """A link in a frame would load the site inside the frame; mail programs open a window."""
    before, found, after = html.partition("<head>")
    base = '<base target="_blank">'
    return f"{before}{found}{base}{after}" if found else base + html


def _headers(mail: Mail) -> list[tuple[str, str]]:
    """As a mail program lists them."""
    fixed = [
        ("From", _mailbox(mail.sender)),
        ("To", ", ".join(_mailbox(one) for one in mail.to)),
        ("Subject", mail.subject),
        ("Date", mail.accepted_at),
    ]
    answers = [("Reply-To", ", ".join(_mailbox(one) for one in mail.reply_to))] if mail.reply_to else []
    return [*fixed, *answers, *mail.headers.items()]


def _mailbox(one: Any) -> str:  # noqa: ANN401 - a JSON object of the journal
    return f"{one['name']} <{one['email']}>" if one.get("name") else str(one["email"])


def _told(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": one["kind"],
        "posted": one["posted"],
        "body": json.dumps(json.loads(one["body"]), ensure_ascii=False, indent=2),
    }


def _moment(text: str) -> str:
    """A journal time as people read it, in UTC."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S")
