"""The counts behind a report. Each asks for people (deliveries), never for the number of events, unless it says so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import distinct, func, select
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign, CampaignIssue, Variant
from newsletter.delivery.models import Delivery
from newsletter.errors import NotFound
from newsletter.events.models import Event, Fact, LoadCounter
from newsletter.events.vocabulary import BounceClass, EventKind, HitClass
from newsletter.issues import content_json
from newsletter.issues.content import Content, Item
from newsletter.issues.models import IssueVersion
from subscribers.models import MailingList, Tracking


@dataclass(frozen=True, slots=True)
class Carried:
    """An item of a campaign with the number its personal links have."""

    number: int
    item: Item


def campaign(session: Session, campaign_id: int) -> tuple[Campaign, MailingList]:
    """The campaign with its list, or `NotFound`."""
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise NotFound(f"There is no campaign {campaign_id}: `newsletter campaign status` lists them.")
    return found, session.get_one(MailingList, found.list_id)


def contents(session: Session, campaign_id: int) -> list[Content]:
    """The issue versions that the campaign carries, as they were frozen."""
    query = (
        select(col(IssueVersion.content))
        .join(CampaignIssue, col(CampaignIssue.issue_version_id) == col(IssueVersion.id))
        .where(col(CampaignIssue.campaign_id) == campaign_id)
        .order_by(col(CampaignIssue.ordinal))
    )
    return [content_json.load(text) for text in session.scalars(query)]


def carried(issues: Collection[Content]) -> list[Carried]:
    """All items in order, numbered from 1 as the links of `individual` mails number them."""
    items = [item for content in issues for item in content.items]
    return [Carried(number, item) for number, item in enumerate(items, 1)]


def by_tracking(session: Session, campaign_id: int) -> dict[Tracking, int]:
    """Deliveries by what their mail was built to measure."""
    query = (
        select(col(Variant.tracking), func.count())
        .select_from(Delivery)
        .join(Variant, col(Variant.id) == col(Delivery.variant_id))
        .where(col(Delivery.campaign_id) == campaign_id)
        .group_by(col(Variant.tracking))
    )
    return {Tracking(kind): count for kind, count in session.execute(query)}


def variant_count(session: Session, campaign_id: int) -> int:
    """How many distinct contents the campaign had."""
    return session.scalar(select(func.count()).select_from(Variant).where(col(Variant.campaign_id) == campaign_id)) or 0


def deliveries_with(session: Session, campaign_id: int) -> dict[EventKind, int]:
    """For each kind of event, how many deliveries had at least one."""
    query = (
        select(col(Fact.kind), func.count(distinct(col(Fact.position))))
        .where(col(Fact.campaign_id) == campaign_id)
        .group_by(col(Fact.kind))
    )
    return {EventKind(kind): count for kind, count in session.execute(query)}


def bounces(session: Session, campaign_id: int) -> dict[BounceClass, int]:
    """Bounced deliveries by whose fault it was."""
    query = (
        select(col(Event.bounce_class), func.count(distinct(col(Event.position))))
        .where(col(Event.campaign_id) == campaign_id, col(Event.kind) == EventKind.BOUNCE)
        .group_by(col(Event.bounce_class))
    )
    return {kind: count for kind, count in session.execute(query) if kind is not None}


def hit_by(session: Session, campaign_id: int, kind: EventKind, classes: Collection[HitClass]) -> int:
    """Deliveries with at least one open or click of these classes."""
    query = select(func.count(distinct(col(Fact.position)))).where(
        col(Fact.campaign_id) == campaign_id, col(Fact.kind) == kind, col(Fact.hit_class).in_(list(classes))
    )
    return session.scalar(query) or 0


def clicked(
    session: Session, campaign_id: int, numbers: Collection[int], classes: Collection[HitClass]
) -> tuple[int, int]:
    """(people, clicks) on any of these items: somebody who clicked two of them is one of the people."""
    query = select(func.count(distinct(col(Event.position))), func.count()).where(
        col(Event.campaign_id) == campaign_id,
        col(Event.kind) == EventKind.CLICK,
        col(Event.target).in_(list(numbers)),
        col(Event.hit_class).in_(list(classes)),
    )
    people, clicks = session.execute(query).one()
    return people, clicks


def loads(session: Session, campaign_id: int) -> int:
    """Loads of the campaign's one image: a number of loads, not of people."""
    return session.scalar(select(col(LoadCounter.count)).where(col(LoadCounter.campaign_id) == campaign_id)) or 0
