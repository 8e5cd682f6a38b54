"""From a mailing list and the settings to what an email needs to know besides its items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from newsletter.campaigns.variants import Naming
from newsletter.issues.content import Content
from newsletter.jobs.product import Product
from newsletter.rendering.links import Links
from newsletter.rendering.look import Language, Look, Publisher, Tracking
from newsletter.settings import Settings
from subscribers.choices import ChoiceRow, Choices, choices
from subscribers.models import ListKind, MailingList

LANGUAGES: tuple[Language, ...] = ("ko", "en")


@dataclass(frozen=True, slots=True)
class Mailing:
    """What the emails of one sending have in common, whatever their language and tracking."""

    mailing_list: MailingList
    content: Content
    ref: str
    nonce: str
    subject: str | None = None


def publisher(mailing_list: MailingList, settings: Settings, language: Language) -> Publisher:
    """Who sends: the list's own facts, else the settings', else the publication by its name in this language."""
    name = mailing_list.name_en if language == "en" else mailing_list.name_ko
    return Publisher(
        publication=mailing_list.name_ko,
        publication_en=mailing_list.name_en,
        from_name=mailing_list.from_name or settings.from_name or name,
        from_email=mailing_list.from_email or settings.from_email,
        reply_to=mailing_list.reply_to or settings.reply_to or None,
        postal_address=mailing_list.postal_address or settings.postal_address,
        phone=mailing_list.phone or settings.phone,
    )


def look(session: Session, product: Product, mailing: Mailing, language: Language, tracking: Tracking) -> Look:
    """Everything one superset compile needs."""
    mailing_list, content = mailing.mailing_list, mailing.content
    found = list_choices(session, mailing_list)
    return Look(
        language=language,
        tracking=tracking,
        publisher=publisher(mailing_list, product.settings, language),
        links=Links(product.settings.base_url.rstrip("/"), mailing_list.slug, content.key, mailing.ref),
        nonce=mailing.nonce,
        advertising=mailing_list.kind is ListKind.ADVERTISING,
        section_names=_names(found.sections, found.section_aliases, language),
        category_names=_names(found.categories, found.category_aliases, language),
        subject=mailing.subject,
        note=content.note,
        why=_why(mailing_list, language),
    )


def naming(choices: Choices) -> Naming:
    """The other names of a list's sections and categories, as the rule wants them."""
    return Naming(categories=choices.category_aliases, sections=choices.section_aliases)


def list_choices(session: Session, mailing_list: MailingList) -> Choices:
    """What readers of this list pick from."""
    assert mailing_list.id is not None
    return choices(session, mailing_list.id)


def _names(rows: Sequence[ChoiceRow], aliases: Mapping[str, str], language: Language) -> dict[str, str]:
    """By key and by every alias, since an issue may print either."""
    names = {row.key: row.name(language) for row in rows}
    return names | {alias: names[key] for alias, key in aliases.items() if key in names}


def _why(mailing_list: MailingList, language: Language) -> str:
    if language == "en":
        return f"You get this mail because you subscribed to {mailing_list.name_en}."
    return f"{mailing_list.name_ko} 구독을 신청하셔서 보내 드리는 메일입니다."
