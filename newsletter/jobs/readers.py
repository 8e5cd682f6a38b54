"""Readers from the command line: one, a file of them, and what is known of one person."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from sqlmodel import Session

from newsletter.errors import InputError, NotFound, StateError
from newsletter.jobs.issues import the_list
from newsletter.jobs.product import Product, Progress, silent
from subscribers import importer, privacy, subscriptions
from subscribers.choices import choices
from subscribers.consent import Act
from subscribers.csvfile import RowProblem
from subscribers.export import export_csv
from subscribers.importer import Declaration, Imported, Options
from subscribers.models import MailingList, SubscriptionState
from subscribers.preferences import Preferences
from subscribers.rows import Picks, Row, RowReader, Vocabulary
from subscribers.selections import Wishes
from subscribers.subscriptions import Proof
from subscribers.suppression import is_suppressed
from subscribers.undo import Undone
from subscribers.undo import undo as take_back

_NOTHING: Picks = ((), False)


@dataclass(frozen=True, slots=True)
class NewReader:
    """One reader as typed."""

    email: str
    name: str = ""
    language: str = "ko"
    sections: str = "*"
    categories: str = "*"
    consent_source: str = ""
    consent_at: str = ""


@dataclass(frozen=True, slots=True)
class FileImport:
    """A file of readers and what its bringer declares about their consent."""

    path: Path
    consent_source: str = ""
    consent_at: str = ""
    consent_proof: str = ""
    consent_owner: str = ""
    is_dry_run: bool = False
    errors: Path | None = None


def add(product: Product, list_slug: str | None, reader: NewReader) -> str:
    """Put one reader on a list; returns the subscription's state. Without proof of consent it stays pending.

    What is typed is read as a row of a file would be. Raises `StateError` where the address is on the list, or was:
    what a reader chose is changed by the reader alone.
    """
    now = product.clock.now()
    if bool(reader.consent_source) != bool(reader.consent_at):
        raise InputError("A proof of consent has a source and a date: give --consent-source and --consent-at.")
    with product.database.write() as session:
        mailing_list = the_list(session, list_slug)
        row = _row(session, mailing_list, reader, now)
        if is_suppressed(session, row.address.key, mailing_list.slug, product.keys.secrets):
            raise StateError("This address gets nothing more (it left, complained, bounced or was erased).")
        known = subscriptions.of_address(session, mailing_list, row.address.key)
        if known is not None and not (known.state is SubscriptionState.PENDING and row.agreed):
            raise StateError(f"This address is known to the list already: its subscription is {known.state}.")
        subscription = subscriptions.subscribe(
            session, mailing_list, row.address, _wishes(row), _preferences(row), _proof(row, now), now=now
        )
        return str(subscription.state)


def import_file(product: Product, list_slug: str | None, wanted: FileImport, progress: Progress = silent) -> Imported:
    """Import a CSV; each chunk is a transaction. A dry run counts the same and changes nothing."""
    with product.database.read() as session:
        slug = the_list(session, list_slug).slug
    errors = wanted.errors.open("w", encoding="utf-8", newline="") if wanted.errors else None
    try:
        options = Options(
            is_dry_run=wanted.is_dry_run,
            declaration=_declaration(wanted, product.clock.now()),
            secrets=product.keys.secrets,
            errors=errors,
            progress=lambda done, total: progress("importing", done, total),
        )
        return importer.import_file(product.database, slug, wanted.path, product.clock.now(), options)
    finally:
        if errors:
            errors.close()


def undo(product: Product, import_id: int, progress: Progress = silent) -> Undone:
    """Take an import back, within 24 hours."""
    with product.database.write() as session:
        return take_back(
            session, import_id, product.clock.now(), lambda done, total: progress("taking back", done, total)
        )


def export(product: Product, list_slug: str | None, target: TextIO, progress: Progress = silent) -> int:
    """Write a list's readers as CSV; returns how many."""
    with product.database.read() as session:
        mailing_list = the_list(session, list_slug)
        return export_csv(session, mailing_list, target, lambda done, total: progress("exporting", done, total))


def story(product: Product, email: str) -> dict[str, object]:
    """Everything known of one person, or `NotFound`."""
    with product.database.read() as session:
        found = privacy.story(session, email)
    if found is None:
        raise NotFound("Nothing is stored about this address.")
    return found


def erase(product: Product, email: str) -> None:
    """Erase a person; the keyed tombstone keeps later imports from bringing them back."""
    with product.database.write() as session:
        privacy.erase(session, email, product.clock.now(), product.keys.secrets)


def _row(session: Session, mailing_list: MailingList, reader: NewReader, now: datetime) -> Row:
    said = {field.name: getattr(reader, field.name).strip() for field in fields(reader)}
    vocabulary = Vocabulary.of(choices(session, mailing_list.id or 0))
    try:
        return RowReader(tuple(said), vocabulary, mailing_list.time_zone, now).read(tuple(said.values()))
    except RowProblem as problem:
        raise InputError(f"This reader can't be added: {problem}.") from None


def _wishes(row: Row) -> Wishes:
    (sections, all_sections), (categories, all_categories) = row.sections or _NOTHING, row.categories or _NOTHING
    return Wishes(sections, categories, all_sections, all_categories)


def _preferences(row: Row) -> Preferences:
    return Preferences(name=row.name or "", language=row.language or "ko")


def _proof(row: Row, now: datetime) -> Proof:
    if row.agreed is None:
        return Proof(Act(now, "added: no proof", "admin"), purposes=())
    return Proof(Act(row.agreed.at, f"added: {row.agreed.source}"[:200], "admin"), is_confirmed=True)


def _declaration(wanted: FileImport, now: datetime) -> Declaration | None:
    said = (wanted.consent_source, wanted.consent_at, wanted.consent_proof, wanted.consent_owner)
    if not any(said):
        return None
    date = _day(wanted.consent_at)
    if date is None or date > now:
        raise InputError("A declaration needs the date when people agreed: --consent-at 2026-11-01.")
    return Declaration(wanted.consent_source, date, wanted.consent_proof, wanted.consent_owner)


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date: write 2026-11-01 or 2026-11-01T09:00+09:00.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
