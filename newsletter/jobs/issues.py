"""Bring an issue in, and make it ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from newsletter.errors import InputError, StateError
from newsletter.ingest.reader import read_issue
from newsletter.issues import lifecycle, store
from newsletter.issues.content import Content
from newsletter.issues.lifecycle import OpenPoint
from newsletter.issues.store import Stored
from newsletter.jobs.looks import list_choices, naming
from newsletter.jobs.product import Product
from subscribers import store as lists
from subscribers.models import ChoiceKind, ChoiceState, MailingList


@dataclass(frozen=True, slots=True)
class Imported:
    """An import's outcome: what is stored, whether it is new, and what is still open."""

    stored: Stored
    is_new: bool
    open_points: Sequence[OpenPoint]


@dataclass(frozen=True, slots=True)
class Readying:
    """What an editor decides all at once."""

    accept_suggestions: bool = False
    without_suggestions: bool = False
    accept_new: bool = False


def import_issue(product: Product, path: Path, list_slug: str | None) -> Imported:
    """Parse a file and store it as a draft of the list; sections and categories met first are proposed."""
    content = read_issue(path, product.settings.keywords_file)
    now = product.clock.now()
    with product.database.write() as session:
        mailing_list = the_list(session, list_slug)
        stored, is_new = store.save(session, mailing_list, content, now)
        _propose(session, mailing_list, content)
        return Imported(stored, is_new, _open_points(session, mailing_list, content))


def make_ready(product: Product, key: str, decisions: Readying) -> Imported:
    """Close what the editor decided; raises `StateError` listing what is still open, and then changes nothing."""
    if decisions.accept_suggestions and decisions.without_suggestions:
        raise InputError("Say --accept-suggestions or --without-suggestions, not both.")
    now = product.clock.now()
    with product.database.write() as session:
        stored = store.find(session, key)
        mailing_list = session.get_one(MailingList, stored.issue.list_id)
        content = stored.content
        if decisions.accept_suggestions:
            content = lifecycle.accept_suggestions(content)
        if decisions.without_suggestions:
            content = lifecycle.drop_suggestions(content)
        stored, is_new = store.save(session, mailing_list, content, now)
        _propose(session, mailing_list, content)
        if decisions.accept_new:
            _accept_new(session, mailing_list)
        points = _open_points(session, mailing_list, content)
        if points:
            raise StateError(_still_open(stored.issue.key, points))
        store.make_ready(session, stored.issue)
        return Imported(stored, is_new, ())


def the_list(session: Session, slug: str | None) -> MailingList:
    """The list with that slug, or the only one there is; `InputError` where one has to be named."""
    if slug:
        return lists.find_list(session, slug)
    known = lists.all_lists(session)
    if not known:
        raise InputError("There is no mailing list yet: newsletter lists create SLUG --kind information|advertising …")
    if len(known) > 1:
        raise InputError(f"Say which list, with --list: {', '.join(one.slug for one in known)}.")
    return known[0]


def _propose(session: Session, mailing_list: MailingList, content: Content) -> None:
    for category in lifecycle.used_categories(content):
        lists.propose(session, _id(mailing_list), ChoiceKind.CATEGORY, category)
    for section in content.sections:
        lists.propose(session, _id(mailing_list), ChoiceKind.SECTION, section.key, section.title)


def _open_points(session: Session, mailing_list: MailingList, content: Content) -> list[OpenPoint]:
    choices = list_choices(session, mailing_list)
    names = naming(choices)
    proposed = {row.key for row in choices.categories if row.state is ChoiceState.PROPOSED}
    new_sections = {row.key for row in choices.sections if row.state is ChoiceState.PROPOSED}
    return lifecycle.open_points(
        content,
        proposed & {names.category(name) for name in lifecycle.used_categories(content)},
        new_sections & {names.section(section.key) for section in content.sections},
    )


def _accept_new(session: Session, mailing_list: MailingList) -> None:
    """Proposed sections and categories become choices, under the names the issue gave them."""
    choices = list_choices(session, mailing_list)
    for kind, rows in ((ChoiceKind.SECTION, choices.sections), (ChoiceKind.CATEGORY, choices.categories)):
        for row in rows:
            if row.state is ChoiceState.PROPOSED:
                lists.activate(session, _id(mailing_list), kind, row.key, row.name_ko, row.name_en)


def _still_open(key: str, points: Sequence[OpenPoint]) -> str:
    lines = [f"Issue {key} is not ready yet:"]
    lines += [f"  · {point.what}" for point in points]
    lines += [f"  → {remedy}" for remedy in dict.fromkeys(point.remedy for point in points)]
    return "\n".join(lines)


def _id(mailing_list: MailingList) -> int:
    assert mailing_list.id is not None
    return mailing_list.id
