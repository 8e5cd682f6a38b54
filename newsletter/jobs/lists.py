"""Create a mailing list."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import available_timezones

from newsletter.errors import InputError
from newsletter.jobs.product import Product
from subscribers import store
from subscribers.models import ListKind


@dataclass(frozen=True, slots=True)
class NewList:
    """What a mailing list starts with. The kind is asked for, never assumed (C-13)."""

    slug: str
    name_ko: str
    name_en: str
    kind: ListKind
    time_zone: str = "Asia/Seoul"


def create(product: Product, wanted: NewList) -> None:
    """A list with the digest's sections and categories. Raises `InputError` for a zone that is none."""
    if wanted.time_zone not in available_timezones():
        raise InputError(f"There is no time zone {wanted.time_zone!r}: use an IANA name such as Asia/Seoul.")
    with product.database.write() as session:
        mailing_list = store.create_list(
            session,
            slug=wanted.slug,
            name_ko=wanted.name_ko,
            name_en=wanted.name_en,
            kind=wanted.kind,
            time_zone=wanted.time_zone,
            now=product.clock.now(),
        )
        assert mailing_list.id is not None
        store.add_digest_choices(session, mailing_list.id)
