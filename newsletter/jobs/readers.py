"""Readers from the command line: one, a file of them, and what is known of one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from newsletter.errors import InputError, NotFound, StateError
from newsletter.jobs.issues import the_list
from newsletter.jobs.product import Product, Progress, silent
from subscribers import importer, privacy, subscriptions
from subscribers.addresses import normalise
from subscribers.consent import Act
from subscribers.export import export_csv
from subscribers.importer import Declaration, Imported, Options
from subscribers.preferences import Preferences
from subscribers.selections import Wishes
from subscribers.subscriptions import Proof
from subscribers.suppression import is_suppressed
from subscribers.undo import Undone
from subscribers.undo import undo as take_back


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
    """Put one reader on a list; returns the subscription's state. Without proof of consent it stays pending."""
    now = product.clock.now()
    agreed = _day(reader.consent_at)
    if bool(reader.consent_source) != bool(agreed):
        raise InputError("A proof of consent has a source and a date: give --consent-source and --consent-at.")
    address = normalise(reader.email)
    act = Act(agreed or now, f"added: {reader.consent_source or 'no proof'}"[:200], "admin")
    proof = Proof(act, is_confirmed=True) if agreed else Proof(act, purposes=())
    with product.database.write() as session:
        mailing_list = the_list(session, list_slug)
        if is_suppressed(session, address.key, mailing_list.slug, product.keys.secrets):
            raise StateError("This address gets nothing more (it left, complained, bounced or was erased).")
        preferences = Preferences(name=reader.name, language=reader.language)
        wishes = Wishes.from_fields(reader.sections, reader.categories)
        subscription = subscriptions.subscribe(session, mailing_list, address, wishes, preferences, proof, now=now)
        return str(subscription.state)


def import_file(product: Product, list_slug: str | None, wanted: FileImport, progress: Progress = silent) -> Imported:
    """Import a CSV; each chunk is a transaction. A dry run counts the same and changes nothing."""
    with product.database.read() as session:
        slug = the_list(session, list_slug).slug
    errors = wanted.errors.open("w", encoding="utf-8", newline="") if wanted.errors else None
    try:
        options = Options(
            is_dry_run=wanted.is_dry_run,
            declaration=_declaration(wanted),
            secrets=product.keys.secrets,
            errors=errors,
            progress=lambda done, total: progress("importing", done, total),
        )
        return importer.import_file(product.database, slug, wanted.path, product.clock.now(), options)
    finally:
        if errors:
            errors.close()


def undo(product: Product, import_id: int) -> Undone:
    """Take an import back, within 24 hours."""
    with product.database.write() as session:
        return take_back(session, import_id, product.clock.now())


def export(product: Product, list_slug: str | None, target: TextIO) -> int:
    """Write a list's readers as CSV; returns how many."""
    with product.database.read() as session:
        return export_csv(session, the_list(session, list_slug), target)


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


def _declaration(wanted: FileImport) -> Declaration | None:
    said = (wanted.consent_source, wanted.consent_at, wanted.consent_proof, wanted.consent_owner)
    if not any(said):
        return None
    date = _day(wanted.consent_at)
    if date is None:
        raise InputError("A declaration needs its date: --consent-at 2026-11-01.")
    return Declaration(wanted.consent_source, date, wanted.consent_proof, wanted.consent_owner)


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date: write 2026-11-01 or 2026-11-01T09:00+09:00.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
