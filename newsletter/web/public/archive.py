"""Home, an issue, an item: what a mail's links lead to. Nobody is followed here."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.issues.content import Item
from newsletter.rendering.look import Language
from newsletter.rendering.phrases import issue_name, source_line
from newsletter.web.pages import language_of, page
from newsletter.web.phrases import as_language
from newsletter.web.prose import prose
from newsletter.web.public import published
from newsletter.web.public.published import Published
from newsletter.web.site import site_of
from subscribers.models import MailingList


def home(request: Request) -> Response:
    """The public lists with their issues."""
    language = language_of(request)
    site = site_of(request)
    with site.product.database.read() as session:
        shelves = [
            (list_name(one, language), published.issues_of(session, site, one))
            for one in published.public_lists(session)
        ]
    return page(
        request,
        "home",
        language,
        headers=_openly(is_public=True),
        shelves=shelves,
        issue_name=issue_name,
    )


def issue(request: Request) -> Response:
    """All of one issue: its items by section."""
    found, names, language = _found(request)
    return page(
        request,
        "issue",
        language,
        headers=_openly(is_public=found.mailing_list.is_public),
        found=found,
        names=names,
        list_name=list_name(found.mailing_list, language),
        title=issue_name(language, found.content.year, found.content.number),
        source_line=source_line,
    )


def item(request: Request) -> Response:
    """One item with its whole body."""
    found, names, language = _found(request)
    items = found.content.items
    place = next((at for at, one in enumerate(items) if one.id == request.path_params["item"]), None)
    if place is None:
        raise HTTPException(404)
    one = items[place]
    section = next(section for section in found.content.sections if section.key == one.section)
    return page(
        request,
        "item",
        language,
        headers=_openly(is_public=found.mailing_list.is_public),
        found=found,
        names=names,
        list_name=list_name(found.mailing_list, language),
        issue_title=issue_name(language, found.content.year, found.content.number),
        item=one,
        section_name=names.get(section.key, section.title),
        source=source_line(language, one.source),
        original=_web_address(one),
        body=prose(one.body),
        before=items[place - 1] if place else None,
        after=items[place + 1] if place + 1 < len(items) else None,
    )


def list_name(mailing_list: MailingList, language: Language) -> str:
    """The publication's name in that language."""
    return mailing_list.name_en if language == "en" else mailing_list.name_ko


def _found(request: Request) -> tuple[Published, dict[str, str], Language]:
    site = site_of(request)
    path = request.path_params
    with site.product.database.read() as session:
        found = published.issue(session, site, path["slug"], path["issue"])
        if found is None:
            raise HTTPException(404)
        language = language_of(request, _own(request, found.mailing_list))
        return found, published.names(session, found.mailing_list, language), language


def _own(request: Request, mailing_list: MailingList) -> Language | None:
    """The list's language for who says nothing; a browser that says something is asked first."""
    return None if "accept-language" in request.headers else as_language(mailing_list.language)


def _openly(*, is_public: bool) -> dict[str, str]:
    """Pages of a public list may be found and kept for a minute; those of another only be read by who has the link."""
    if not is_public:
        return {}
    return {"Cache-Control": "public, max-age=60", "X-Robots-Tag": "all", "Vary": "Accept-Language"}


def _web_address(item: Item) -> str | None:
    """The original's address where it is an ordinary one: anything else is no link."""
    url = item.source.url or ""
    parts = urlsplit(url)
    is_plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.username and "\\" not in url
    return url if is_plain else None
