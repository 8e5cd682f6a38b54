"""Issues in the database: imported as versions, found by their key. Only this module writes these tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from newsletter.errors import InputError, NotFound
from newsletter.issues.content import Content
from newsletter.issues.content_json import content_digest, dump, item_digest, load
from newsletter.issues.models import Issue, IssueState, IssueVersion, ItemVersion
from subscribers.models import MailingList


@dataclass(frozen=True, slots=True)
class Stored:
    """An issue with its current version and what that version says."""

    issue: Issue
    version: IssueVersion
    content: Content


def save(session: Session, mailing_list: MailingList, content: Content, now: datetime) -> tuple[Stored, bool]:
    """Store content as the issue's newest version; the flag says whether anything is new.

    Importing equal content again changes nothing. A new version makes a ready issue a draft again: what was checked
    is no longer what would be sent.
    """
    assert mailing_list.id is not None
    issue = session.exec(
        select(Issue).where(Issue.list_id == mailing_list.id, Issue.key == content.key)
    ).first() or _create(session, mailing_list.id, content, now)
    newest = _newest(session, issue)
    digest = content_digest(content)
    if newest is not None and newest.digest == digest:
        return Stored(issue, newest, content), False
    version = IssueVersion(
        issue_id=_id(issue),
        number=1 if newest is None else newest.number + 1,
        digest=digest,
        content=dump(content).decode(),
        created_at=now,
    )
    session.add(version)
    issue.state = IssueState.DRAFT
    session.add(issue)
    _add_item_versions(session, _id(issue), content)
    session.flush()
    return Stored(issue, version, content), True


def find(session: Session, key: str, list_slug: str | None = None) -> Stored:
    """The issue named `2023-23` or `list/2023-23`. Raises `NotFound` or, where two lists have it, `InputError`."""
    if "/" in key:
        list_slug, _, key = key.partition("/")
    query = select(Issue, MailingList.slug).join(MailingList).where(Issue.key == key)
    if list_slug is not None:
        query = query.where(MailingList.slug == list_slug)
    found = session.exec(query).all()
    if not found:
        raise NotFound(f"There is no issue {key!r}{_on(list_slug)}. `newsletter issue list` shows all.")
    if len(found) > 1:
        names = ", ".join(f"{slug}/{key}" for _, slug in found)
        raise InputError(f"Several lists have an issue {key!r}: say which, {names}.")
    return load_current(session, found[0][0])


def load_current(session: Session, issue: Issue) -> Stored:
    """The newest version of an issue."""
    version = _newest(session, issue)
    if version is None:
        raise NotFound(f"Issue {issue.key} has no content; import its file again.")
    return Stored(issue, version, load(version.content))


def load_version(session: Session, version_id: int) -> Stored:
    """A frozen version of an issue, as a campaign refers to it."""
    version = session.get_one(IssueVersion, version_id)
    return Stored(session.get_one(Issue, version.issue_id), version, load(version.content))


def every(session: Session, list_id: int | None = None) -> list[Issue]:
    """All issues, the newest first."""
    query = select(Issue).order_by(col(Issue.year).desc(), col(Issue.number).desc())
    return list(session.exec(query if list_id is None else query.where(Issue.list_id == list_id)))


def make_ready(session: Session, issue: Issue) -> None:
    """From here on it may be sent."""
    issue.state = IssueState.READY
    session.add(issue)


def item_version_ids(session: Session, stored: Stored) -> Mapping[str, int]:
    """The item versions of one issue version: item id → id of its version."""
    digests = {item_digest(item): item.id for item in stored.content.items}
    rows = session.exec(
        select(ItemVersion.digest, ItemVersion.id).where(
            ItemVersion.issue_id == stored.issue.id, col(ItemVersion.digest).in_(digests)
        )
    )
    return {digests[digest]: version_id for digest, version_id in rows if version_id is not None}


def _create(session: Session, list_id: int, content: Content, now: datetime) -> Issue:
    issue = Issue(list_id=list_id, key=content.key, year=content.year, number=content.number, created_at=now)
    session.add(issue)
    session.flush()
    return issue


def _add_item_versions(session: Session, issue_id: int, content: Content) -> None:
    known = set(
        session.exec(select(ItemVersion.item_id, ItemVersion.digest).where(ItemVersion.issue_id == issue_id)).all()
    )
    for item in content.items:
        digest = item_digest(item)
        if (item.id, digest) not in known:
            session.add(ItemVersion(issue_id=issue_id, item_id=item.id, digest=digest, title=item.title))


def _newest(session: Session, issue: Issue) -> IssueVersion | None:
    return session.exec(
        select(IssueVersion).where(IssueVersion.issue_id == issue.id).order_by(col(IssueVersion.number).desc())
    ).first()


def _id(issue: Issue) -> int:
    assert issue.id is not None
    return issue.id


def _on(list_slug: str | None) -> str:
    return f" on the list {list_slug!r}" if list_slug else ""
