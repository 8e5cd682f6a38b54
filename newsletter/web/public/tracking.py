"""The shared image and the personal links. Neither ever tells a reader that something went wrong."""

from __future__ import annotations

from base64 import b64decode
from typing import Final

from sqlalchemy import select
from sqlmodel import Session, col
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsletter.campaigns.models import CampaignIssue
from newsletter.events.judgement import signal_of
from newsletter.events.vocabulary import EventKind, ProviderEvent
from newsletter.issues import content_json
from newsletter.issues.models import Issue, IssueVersion
from newsletter.kit.tokens import Purpose
from newsletter.rendering.links import Links
from newsletter.web.hits import Load
from newsletter.web.site import Site, numbers_of, site_of
from subscribers.models import MailingList

GIF: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""


async def pixel(request: Request) -> Response:
    """The image of `aggregate` mails: a counter goes up, and nothing else is kept. Always the image, always 200."""
    if request.method == "GET":
        await site_of(request).hits.add(Load(request.path_params["campaign_ref"]))
    # Webmail shows the image on a page of its own
    return Response(GIF, media_type="image/gif", headers={"Cross-Origin-Resource-Policy": "cross-origin"})


async def click(request: Request) -> Response:
    """A personal link: on to the item, and one event where the reader agrees. HEAD is a machine's and is not kept."""
    site = site_of(request)
    campaign_id, position = numbers_of(request, Purpose.CLICK, 2)
    number = request.path_params["number"]
    targets = await run_in_threadpool(_targets, site, campaign_id)
    if not 1 <= number <= len(targets):
        raise HTTPException(404)
    if request.method == "GET":
        await site.hits.add(_event(request, campaign_id, position, number))
    return RedirectResponse(targets[number - 1], 302)


def _event(request: Request, campaign_id: int, position: int, number: int) -> ProviderEvent:
    purpose = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return ProviderEvent(
        kind=EventKind.CLICK,
        occurred_at=site_of(request).product.clock.now().replace(microsecond=0),
        delivery=(campaign_id, position),
        target=number,
        signal=signal_of(request.headers.get("user-agent", ""), is_prefetch="prefetch" in purpose),
    )


def _targets(site: Site, campaign_id: int) -> tuple[str, ...]:
    """Where the links of a campaign lead, from 1: frozen with the campaign, so read once."""

    def read() -> tuple[str, ...]:
        with site.product.database.read() as session:
            return _read_targets(session, campaign_id)

    return site.targets.get(campaign_id, read)


def _read_targets(session: Session, campaign_id: int) -> tuple[str, ...]:
    query = (
        select(col(IssueVersion.content), col(Issue.key), col(MailingList.slug))
        .join(CampaignIssue, col(CampaignIssue.issue_version_id) == col(IssueVersion.id))
        .join(Issue, col(Issue.id) == col(IssueVersion.issue_id))
        .join(MailingList, col(MailingList.id) == col(Issue.list_id))
        .where(col(CampaignIssue.campaign_id) == campaign_id)
        .order_by(col(CampaignIssue.ordinal))
    )
    found: list[str] = []
    for text, key, slug in session.execute(query):
        links = Links("", slug, key, "")
        found += [links.item(item.id) for item in content_json.load(text).items]
    return tuple(found)
