"""The sections and categories of a list: what readers pick from, how issues spell it, what an editor makes of it.

A choice met first in an issue is *proposed*: readers don't see it until an editor gives it names and activates it.
Merging keeps the old key as an alias, so that old issues and old selections go on meaning something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select, update

from subscribers.defaults import DIGEST_CATEGORIES, DIGEST_CATEGORY_ALIASES, DIGEST_SECTIONS, ChoiceDefault
from subscribers.errors import UnknownChoice
from subscribers.models import Alias, Category, ChoiceKind, ChoiceState, Section
from subscribers.selections import clean_key
from subscribers.upsert import insert_missing


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One section or category, as pages and commands show it."""

    key: str
    name_ko: str
    name_en: str
    position: int
    state: ChoiceState

    def name(self, language: str) -> str:
        """The name in `ko` or `en`."""
        return self.name_en if language == "en" else self.name_ko


@dataclass(frozen=True, slots=True)
class Choices:
    """All choices of a list in its order, proposed ones too, and the aliases that lead to them."""

    sections: tuple[ChoiceRow, ...]
    categories: tuple[ChoiceRow, ...]
    section_aliases: Mapping[str, str]
    category_aliases: Mapping[str, str]

    def active(self, kind: ChoiceKind) -> tuple[ChoiceRow, ...]:
        """What a reader is offered."""
        rows = self.sections if kind is ChoiceKind.SECTION else self.categories
        return tuple(row for row in rows if row.state is ChoiceState.ACTIVE)


def choices(session: Session, list_id: int) -> Choices:
    """Everything a reader of this list could pick from, in the list's order."""
    aliases: dict[ChoiceKind, dict[str, str]] = {ChoiceKind.SECTION: {}, ChoiceKind.CATEGORY: {}}
    for alias in session.exec(select(Alias).where(Alias.list_id == list_id)):
        aliases[alias.kind][alias.alias] = alias.key
    return Choices(
        _rows(session, list_id, ChoiceKind.SECTION),
        _rows(session, list_id, ChoiceKind.CATEGORY),
        aliases[ChoiceKind.SECTION],
        aliases[ChoiceKind.CATEGORY],
    )


def add_sections(session: Session, list_id: int, defaults: Iterable[ChoiceDefault]) -> None:
    """Add active sections behind those that are there; one whose key is there already is left alone."""
    _add(session, list_id, ChoiceKind.SECTION, defaults, ChoiceState.ACTIVE)


def add_categories(session: Session, list_id: int, defaults: Iterable[ChoiceDefault]) -> None:
    """Add active categories behind those that are there; one whose key is there already is left alone."""
    _add(session, list_id, ChoiceKind.CATEGORY, defaults, ChoiceState.ACTIVE)


def add_digest_choices(session: Session, list_id: int) -> None:
    """The sections, categories and aliases of a technology digest; adding them twice changes nothing."""
    add_sections(session, list_id, DIGEST_SECTIONS)
    add_categories(session, list_id, DIGEST_CATEGORIES)
    for alias, key in DIGEST_CATEGORY_ALIASES.items():
        add_alias(session, list_id, ChoiceKind.CATEGORY, alias, key)


def propose(session: Session, list_id: int, kind: ChoiceKind, key: str, name: str | None = None) -> str:
    """Take in a key that an issue uses: known keys and aliases lead to their own key, a new one becomes proposed.

    Returns the key to use. Until an editor gives names, both are `name`, or the key itself.
    """
    key = clean_key(key)
    alias = session.exec(
        select(Alias.key).where(Alias.list_id == list_id, Alias.kind == kind, Alias.alias == key)
    ).first()
    if alias is not None:
        return alias
    label = (name or key)[:200]
    _add(session, list_id, kind, [ChoiceDefault(key, label, label)], ChoiceState.PROPOSED)
    return key


def activate(session: Session, list_id: int, kind: ChoiceKind, key: str, name_ko: str, name_en: str) -> None:
    """An editor's yes to a proposed choice, or new names for an active one."""
    row = _one(session, list_id, kind, key)
    row.name_ko, row.name_en, row.state = name_ko, name_en, ChoiceState.ACTIVE
    session.add(row)
    session.flush()


def add_alias(session: Session, list_id: int, kind: ChoiceKind, alias: str, key: str) -> None:
    """Another spelling of a choice. Aliases never lead to aliases, so one look-up is enough."""
    _one(session, list_id, kind, key)
    row = {"list_id": list_id, "kind": kind, "alias": clean_key(alias), "key": key}
    insert_missing(session, Alias, [row])


def rename(session: Session, list_id: int, kind: ChoiceKind, old: str, new: str) -> None:
    """Give a choice another key; the old one stays as an alias. An existing `new` makes it a merge."""
    new = clean_key(new)
    if new == old:
        return
    row = _one(session, list_id, kind, old)
    if _find(session, list_id, kind, new) is not None:
        merge(session, list_id, kind, old, new)
        return
    _drop_alias(session, list_id, kind, new)
    row.key = new
    session.add(row)
    session.flush()
    _point_aliases(session, list_id, kind, old, new)


def merge(session: Session, list_id: int, kind: ChoiceKind, old: str, into: str) -> None:
    """Let one choice go into another; the old key stays as an alias, in issues and in selections."""
    if old == into:
        return
    _one(session, list_id, kind, into)
    session.delete(_one(session, list_id, kind, old))
    session.flush()
    _point_aliases(session, list_id, kind, old, into)


def _add(
    session: Session, list_id: int, kind: ChoiceKind, defaults: Iterable[ChoiceDefault], state: ChoiceState
) -> None:
    last = max((row.position for row in _all(session, list_id, kind)), default=0)
    insert_missing(
        session,
        Section if kind is ChoiceKind.SECTION else Category,
        [
            {
                "list_id": list_id,
                "key": clean_key(default.key),
                "name_ko": default.name_ko,
                "name_en": default.name_en,
                "position": last + number,
                "state": state,
            }
            for number, default in enumerate(defaults, start=1)
        ],
    )


def _all(session: Session, list_id: int, kind: ChoiceKind) -> Sequence[Section] | Sequence[Category]:
    if kind is ChoiceKind.SECTION:
        return session.exec(
            select(Section).where(Section.list_id == list_id).order_by(col(Section.position), col(Section.id))
        ).all()
    return session.exec(
        select(Category).where(Category.list_id == list_id).order_by(col(Category.position), col(Category.id))
    ).all()


def _rows(session: Session, list_id: int, kind: ChoiceKind) -> tuple[ChoiceRow, ...]:
    found = _all(session, list_id, kind)
    return tuple(ChoiceRow(row.key, row.name_ko, row.name_en, row.position, row.state) for row in found)


def _find(session: Session, list_id: int, kind: ChoiceKind, key: str) -> Section | Category | None:
    return next((row for row in _all(session, list_id, kind) if row.key == key), None)


def _one(session: Session, list_id: int, kind: ChoiceKind, key: str) -> Section | Category:
    row = _find(session, list_id, kind, key)
    if row is None:
        raise UnknownChoice(f"no {kind} {key!r} on this list: see its sections and categories, and spell it the same")
    return row


def _point_aliases(session: Session, list_id: int, kind: ChoiceKind, old: str, new: str) -> None:
    """`old`, and whatever led to it, leads to `new`."""
    session.exec(
        update(Alias)
        .where(col(Alias.list_id) == list_id, col(Alias.kind) == kind, col(Alias.key) == old)
        .values(key=new)
    )
    insert_missing(session, Alias, [{"list_id": list_id, "kind": kind, "alias": old, "key": new}])


def _drop_alias(session: Session, list_id: int, kind: ChoiceKind, alias: str) -> None:
    """A key that is in use again is no other name any more."""
    found = session.exec(
        select(Alias).where(Alias.list_id == list_id, Alias.kind == kind, Alias.alias == alias)
    ).first()
    if found is not None:
        session.delete(found)
        session.flush()
