"""Lists, and selections interned; the choices of a list are in `choices` and can be reached from here too.

The session is the caller's, and so is its transaction: nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict, Unpack

from sqlmodel import Session, col, select

from subscribers.choices import (
    ChoiceRow,
    Choices,
    activate,
    add_alias,
    add_categories,
    add_digest_choices,
    add_sections,
    choices,
    merge,
    propose,
    rename,
)
from subscribers.errors import InvalidWish, UnknownList
from subscribers.models import ListKind, MailingList, Selection, Tracking
from subscribers.preferences import clean_name
from subscribers.selections import Wishes
from subscribers.upsert import insert_missing

__all__ = [
    "ChoiceRow",
    "Choices",
    "ListSettings",
    "activate",
    "add_alias",
    "add_categories",
    "add_digest_choices",
    "add_sections",
    "all_lists",
    "choices",
    "create_list",
    "find_list",
    "intern",
    "intern_many",
    "merge",
    "propose",
    "rename",
    "wishes_of",
]

_CHUNK = 500
"""Digests in one look-up: SQLite takes at most 32,766 parameters, and shorter statements are cached better."""


class ListSettings(TypedDict, total=False):
    """What a list may set beyond its names; see `MailingList` for the defaults."""

    language: str
    time_zone: str
    tracking_default: Tracking
    from_name: str | None
    from_email: str | None
    reply_to: str | None
    postal_address: str | None
    phone: str | None
    is_public: bool


def create_list(
    session: Session,
    slug: str,
    name_ko: str,
    name_en: str,
    kind: ListKind,
    now: datetime,
    **settings: Unpack[ListSettings],
) -> MailingList:
    """A new list without sections and categories; `add_digest_choices` gives it those of a technology digest.

    `kind` decides the label and the footer by law and is always asked, never assumed (C-13). Raises `InvalidWish`
    for a slug that is none or is taken, and for a name that no mail could be sent in.
    """
    if not slug or len(slug) > 64 or not slug.isascii() or not slug.replace("-", "").isalnum() or slug != slug.lower():
        raise InvalidWish(f"{slug[:80]!r} can't name a list: use up to 64 of a–z, 0–9 and -")
    if session.exec(select(MailingList.id).where(MailingList.slug == slug)).first() is not None:
        raise InvalidWish(f"there is a list {slug!r} already: choose another slug")
    names = [clean_name(name, "the list's name") for name in (name_ko, name_en)]
    if not all(names):
        raise InvalidWish("a list has a Korean and an English name: give both")
    mailing_list = MailingList(slug=slug, name_ko=names[0], name_en=names[1], kind=kind, created_at=now, **settings)
    session.add(mailing_list)
    session.flush()
    return mailing_list


def find_list(session: Session, slug: str) -> MailingList:
    """The list of this name, or `UnknownList` naming those there are."""
    found = session.exec(select(MailingList).where(MailingList.slug == slug)).first()
    if found is None:
        known = ", ".join(session.exec(select(MailingList.slug).order_by(MailingList.slug).limit(20))) or "none yet"
        raise UnknownList(f"no list {slug!r}; there is: {known}")
    return found


def all_lists(session: Session) -> Sequence[MailingList]:
    """Every list, in the order they were made."""
    return session.exec(select(MailingList).order_by(col(MailingList.id))).all()


def intern(session: Session, list_id: int, wishes: Wishes) -> int:
    """The id of the one row for these picks, made if need be; two writers at once get the same row."""
    return intern_many(session, list_id, [wishes])[wishes]


def intern_many(session: Session, list_id: int, wanted: Iterable[Wishes]) -> dict[Wishes, int]:
    """The ids for many picks at once, in two statements per 500 distinct ones."""
    by_digest = {wishes.digest(): wishes for wishes in wanted}
    digests = sorted(by_digest)
    ids: dict[Wishes, int] = {}
    for start in range(0, len(digests), _CHUNK):
        chunk = digests[start : start + _CHUNK]
        known = _known(session, list_id, chunk)
        missing = [digest for digest in chunk if digest not in known]
        insert_missing(session, Selection, [_row(list_id, digest, by_digest[digest]) for digest in missing])
        known |= _known(session, list_id, missing) if missing else {}
        ids |= {by_digest[digest]: known[digest] for digest in chunk}
    return ids


def wishes_of(selection: Selection) -> Wishes:
    """The picks of an interned selection, as a value."""
    return Wishes(
        tuple(selection.sections),
        tuple(selection.categories),
        selection.all_sections,
        selection.all_categories,
        selection.when_empty,
    )


def _known(session: Session, list_id: int, digests: Sequence[str]) -> dict[str, int]:
    found = session.exec(
        select(Selection.digest, Selection.id).where(Selection.list_id == list_id, col(Selection.digest).in_(digests))
    )
    return {digest: selection_id for digest, selection_id in found if selection_id is not None}


def _row(list_id: int, digest: str, wishes: Wishes) -> dict[str, object]:
    return {
        "list_id": list_id,
        "digest": digest,
        "all_sections": wishes.all_sections,
        "all_categories": wishes.all_categories,
        "sections": list(wishes.sections),
        "categories": list(wishes.categories),
        "when_empty": wishes.when_empty,
    }
