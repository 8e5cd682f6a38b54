"""What anybody may read: issues that are ready or were sent, of public lists in the overview, of any list by address.

A mail's links must lead somewhere for as long as the mail exists: an issue that is being corrected shows the version
that was sent until the correction is ready.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign, CampaignIssue
from newsletter.issues.content import Content
from newsletter.issues.models import Issue, IssueState, IssueVersion
from newsletter.web.site import Site
from subscribers.choices import choices
from subscribers.models import MailingList

SHOWN_ISSUES = 24
"""Issues of a list on the home page, newest first."""


@dataclass(frozen=True, slots=True)
class Published:
    """One issue as the public sees it."""

    mailing_list: MailingList
    key: str
    content: Content


def public_lists(session: Session) -> list[MailingList]:
    """The lists that show themselves."""
    query = select(MailingList).where(col(MailingList.is_public)).order_by(col(MailingList.id))
    return list(session.scalars(query))


def issues_of(session: Session, site: Site, mailing_list: MailingList) -> list[Published]:
    """The newest issues of a list."""
    query = (
        _visible()
        .where(col(Issue.list_id) == mailing_list.id)
        .order_by(col(Issue.year).desc(), col(Issue.number).desc(), col(Issue.id).desc())
        .limit(SHOWN_ISSUES)
    )
    found = session.execute(query).all()
    return [Published(mailing_list, key, _content(session, site, version_id)) for key, version_id in found]


def issue(session: Session, site: Site, slug: str, key: str) -> Published | None:
    """One issue of one list, or None where there is nothing to show."""
    mailing_list = session.scalars(select(MailingList).where(col(MailingList.slug) == slug)).one_or_none()
    if mailing_list is None:
        return None
    query = _visible().where(col(Issue.list_id) == mailing_list.id, col(Issue.key) == key)
    found = session.execute(query).one_or_none()
    return None if found is None else Published(mailing_list, key, _content(session, site, found[1]))


def names(session: Session, mailing_list: MailingList, language: str) -> dict[str, str]:
    """Sections and categories by key, in the page's language; what is not here keeps the issue's own word."""
    assert mailing_list.id is not None
    known = choices(session, mailing_list.id)
    found = {row.key: row.name(language) for row in (*known.categories, *known.sections)}
    aliases = {**known.category_aliases, **known.section_aliases}
    return found | {alias: found[key] for alias, key in aliases.items() if key in found}


def _visible() -> Select[str, int | None]:
    """(key, version id) of every issue that may be seen, with the version that may be seen."""
    sent = (
        select(col(CampaignIssue.issue_version_id))
        .join(Campaign, col(Campaign.id) == col(CampaignIssue.campaign_id))
        .where(col(Campaign.frozen_at).is_not(None))
    )
    shown: ColumnElement[bool] = or_(col(Issue.state) == IssueState.READY, col(IssueVersion.id).in_(sent))
    newest = (
        select(col(IssueVersion.issue_id), func.max(col(IssueVersion.number)).label("number"))
        .join(Issue, col(Issue.id) == col(IssueVersion.issue_id))
        .where(shown)
        .group_by(col(IssueVersion.issue_id))
        .subquery()
    )
    return (
        select(col(Issue.key), col(IssueVersion.id))
        .join(IssueVersion, col(IssueVersion.issue_id) == col(Issue.id))
        .join(
            newest,
            and_(newest.c.issue_id == col(IssueVersion.issue_id), newest.c.number == col(IssueVersion.number)),
        )
    )


def _content(session: Session, site: Site, version_id: int | None) -> Content:
    text = select(col(IssueVersion.content)).where(col(IssueVersion.id) == version_id)
    return site.content(version_id, lambda: session.scalars(text).one())
