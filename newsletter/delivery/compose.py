"""From rows to a message: whom, with which few personal words. Reads, and writes nothing.

What readers share (campaign, list, variant, a selection's sentence) is read once and kept; per reader there is one row
and a handful of tokens, since this runs a million times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import sqlmodel
from sqlalchemy import Select, select
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign, Variant
from newsletter.delivery.ledger.batches import excluded, look, within
from newsletter.delivery.message import Letter, Message, Recipient, UnfitRecipient, check_recipient, list_id
from newsletter.delivery.models import Delivery
from newsletter.errors import NotFound, RenderError
from newsletter.kit.tokens import KeyRing, Purpose
from newsletter.rendering.links import Links
from newsletter.rendering.personal import Personal, fill, open_tag, picks, substitutions
from newsletter.settings import Settings
from subscribers.models import (
    Alias,
    Category,
    ChoiceKind,
    MailingList,
    Section,
    Selection,
    Subscriber,
    Subscription,
    Tracking,
)
from subscribers.selections import Wishes
from subscribers.store import wishes_of

Kept = TypeVar("Kept")
CLIPPINGS = "clipping"
"""Key of the section whose items are chosen by category alone."""
_KEPT_LETTERS = 64
_KEPT_SENTENCES = 20_000


@dataclass(frozen=True, slots=True)
class Sender:
    """What the settings say about all mails: where the site is, and who sends where a list does not say."""

    base_url: str
    from_email: str
    from_name: str = ""
    reply_to: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Sender:
        """The settings' own."""
        return cls(settings.base_url, settings.from_email, settings.from_name, settings.reply_to)


@dataclass(frozen=True, slots=True)
class Mailing:
    """What every link of one campaign's mails is signed with, besides the reader."""

    campaign_id: int
    day: int
    tracking: Tracking


@dataclass(frozen=True, slots=True)
class Reader:
    """One delivery's person, as the links name them."""

    position: int
    subscription_id: int
    link_generation: int


@dataclass(frozen=True, slots=True)
class Composed:
    """A message for a batch, and the readers who could not be written to, with the reason."""

    message: Message
    failed: Mapping[int, str] = field(default_factory=dict)


def mailing_day(moment: datetime) -> int:
    """Days since 1970-01-01 in UTC: how preference links know their age (they open for 90 days)."""
    return (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days


def personal_for(keys: KeyRing, mailing: Mailing, reader: Reader, sentence: str) -> Personal:
    """A reader's words and tokens. Pure: the same reader of the same campaign always gets the same links."""
    campaign, position, subscription = mailing.campaign_id, reader.position, reader.subscription_id
    is_individual = mailing.tracking is Tracking.INDIVIDUAL
    return Personal(
        picks=sentence,
        preferences=keys.sign(Purpose.PREFERENCES, subscription, reader.link_generation, mailing.day),
        unsubscribe=keys.sign(Purpose.UNSUBSCRIBE, subscription, campaign, position),
        web_copy=keys.sign(Purpose.WEB_COPY, campaign, position),
        click=keys.sign(Purpose.CLICK, campaign, position) if is_individual else "",
    )


def letter_for(sender: Sender, mailing_list: MailingList, variant: Variant, nonce: str) -> Letter:
    """What all readers of a variant get, under the list's own sender or the settings'. Pure."""
    from_email = mailing_list.from_email or sender.from_email
    name = mailing_list.name_en if variant.language == "en" else mailing_list.name_ko
    return Letter(
        subject=variant.subject,
        html=variant.html,
        text=variant.text,
        from_email=from_email,
        from_name=mailing_list.from_name or sender.from_name or name,
        reply_to=mailing_list.reply_to or sender.reply_to or None,
        list_id=list_id(mailing_list.slug, from_email),
        language=variant.language,
        open_tag=open_tag(nonce) if variant.tracking is Tracking.INDIVIDUAL else None,
    )


@dataclass(frozen=True, slots=True)
class _Stock:
    """What the readers of one variant share."""

    letter: Letter
    links: Links
    mailing: Mailing
    nonce: str
    list_id: int


class Composer:
    """Builds messages. Shared by all lanes; what it keeps is bounded."""

    def __init__(self, sender: Sender, keys: KeyRing) -> None:
        self._sender, self._keys = sender, keys
        self._stocks: _Store[_Stock] = _Store(_KEPT_LETTERS)
        self._names: _Store[Names] = _Store(_KEPT_LETTERS)
        self._sentences: _Store[str] = _Store(_KEPT_SENTENCES)

    def compose(self, session: Session, batch_id: int, attempt_id: str, now: datetime) -> Composed:
        """The message for all readers of a batch who have an address and no exclusion. A faulty one fails alone."""
        seen = look(session, batch_id)
        stock = self._stock(session, seen.campaign_id, seen.variant_id)
        recipients: list[Recipient] = []
        failed: dict[int, str] = {}
        query = _readers().where(within(seen), ~excluded(), col(Subscriber.email).is_not(None))
        for row in session.execute(query.order_by(col(Delivery.position))):
            try:
                recipients.append(self._recipient(session, stock, row))
            except (RenderError, UnfitRecipient) as error:
                failed[row.position] = str(error)
        message = Message(stock.letter, tuple(recipients), seen.campaign_id, attempt_id, now)
        return Composed(message, failed)

    def web_copy(self, session: Session, campaign_id: int, position: int) -> str:
        """The HTML of one delivery, as it went out. Raises `NotFound`."""
        one = (col(Delivery.campaign_id) == campaign_id, col(Delivery.position) == position)
        row = session.execute(_readers().where(*one)).one_or_none()
        if row is None:
            raise NotFound("This email is not here any more.")
        stock = self._stock(session, campaign_id, row.variant_id)
        personal = self._personal(session, stock, row)
        return fill(stock.letter.html, substitutions(stock.nonce, personal, stock.mailing.tracking.value))

    def _recipient(self, session: Session, stock: _Stock, row: Any) -> Recipient:  # noqa: ANN401 -- a result row
        personal = self._personal(session, stock, row)
        words = substitutions(stock.nonce, personal, stock.mailing.tracking.value)
        recipient = Recipient(row.position, row.email, row.name, words, stock.links.unsubscribe(personal.unsubscribe))
        check_recipient(recipient)
        return recipient

    def _personal(self, session: Session, stock: _Stock, row: Any) -> Personal:  # noqa: ANN401 -- a result row
        key = (stock.mailing.campaign_id, row.selection_id, stock.letter.language)
        words = self._sentences.get(key, lambda: self._sentence(session, stock, row.selection_id))
        reader = Reader(row.position, row.subscription_id, row.link_generation)
        return personal_for(self._keys, stock.mailing, reader, words)

    def _sentence(self, session: Session, stock: _Stock, selection_id: int) -> str:
        """Names are read once per campaign: a category renamed since then is called by its new name in the next."""
        language = stock.letter.language
        key = (stock.mailing.campaign_id, language)
        names = self._names.get(key, lambda: read_names(session, stock.list_id, language))
        return sentence(names, wishes_of(session.get_one(Selection, selection_id)), language)

    def _stock(self, session: Session, campaign_id: int, variant_id: int) -> _Stock:
        return self._stocks.get((campaign_id, variant_id), lambda: self._read(session, campaign_id, variant_id))

    def _read(self, session: Session, campaign_id: int, variant_id: int) -> _Stock:
        campaign = session.get_one(Campaign, campaign_id)
        mailing_list = session.get_one(MailingList, campaign.list_id)
        variant = session.get_one(Variant, variant_id)
        assert campaign.frozen_at is not None, "deliveries exist only after their campaign was frozen"
        return _Stock(
            letter_for(self._sender, mailing_list, variant, campaign.nonce),
            Links(self._sender.base_url, mailing_list.slug, "", campaign.ref),
            Mailing(campaign_id, mailing_day(campaign.frozen_at), variant.tracking),
            campaign.nonce,
            campaign.list_id,
        )


def web_copy(session: Session, sender: Sender, keys: KeyRing, campaign_id: int, position: int) -> str:
    """One delivery's mail as a page: its HTML, filled for its reader. Raises `NotFound`."""
    return Composer(sender, keys).web_copy(session, campaign_id, position)


@dataclass(frozen=True, slots=True)
class Names:
    """A list's sections and categories in its own order, named in one language; old keys lead to them too."""

    sections: Mapping[str, str]
    categories: Mapping[str, str]
    aliases: Mapping[tuple[ChoiceKind, str], str]


def read_names(session: Session, mailing_list_id: int, language: str) -> Names:
    """The names that sentences about picks are made of."""
    aliases = session.exec(sqlmodel.select(Alias).where(Alias.list_id == mailing_list_id)).all()
    return Names(
        _named(session, Section, mailing_list_id, language),
        _named(session, Category, mailing_list_id, language),
        {(row.kind, row.alias): row.key for row in aliases},
    )


def sentence(names: Names, wishes: Wishes, language: str) -> str:
    """What somebody picked, as the mail says it. Pure.

    Categories say what the clippings are about, so their section is named only where no category was picked.
    """

    def of(kind: ChoiceKind, keys: tuple[str, ...], known: Mapping[str, str]) -> list[str]:
        wanted = {names.aliases.get((kind, key), key) for key in keys}
        return [name for key, name in known.items() if key in wanted]

    categories = of(ChoiceKind.CATEGORY, wishes.categories, names.categories)
    spoken_for = {CLIPPINGS} if categories else set()
    sections = of(ChoiceKind.SECTION, tuple(k for k in wishes.sections if k not in spoken_for), names.sections)
    everything = wishes.all_sections and wishes.all_categories
    return picks(sections, categories, everything, "en" if language == "en" else "ko")


def _named(session: Session, table: type[Section | Category], mailing_list_id: int, language: str) -> dict[str, str]:
    name = col(table.name_en if language == "en" else table.name_ko)
    query = select(col(table.key), name).where(col(table.list_id) == mailing_list_id).order_by(col(table.position))
    return dict(session.execute(query).all())


def _readers() -> Select[*tuple[Any, ...]]:
    """What a mail needs to know of the person behind a delivery."""
    columns: tuple[Any, ...] = (
        col(Delivery.position),
        col(Delivery.subscription_id),
        col(Delivery.selection_id),
        col(Delivery.variant_id),
        col(Subscriber.email),
        col(Subscriber.link_generation),
        col(Subscription.name),
    )
    return (
        select(*columns)
        .join(Subscription, col(Subscription.id) == col(Delivery.subscription_id))
        .join(Subscriber, col(Subscriber.id) == col(Delivery.subscriber_id))
    )


class _Store(Generic[Kept]):
    """Keeps so many values, and forgets the oldest. Two lanes may make the same one at once: they make it alike."""

    def __init__(self, room: int) -> None:
        self._values: dict[Hashable, Kept] = {}
        self._room, self._lock = room, threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        found = self._values.get(key)
        if found is None:
            found = make()
            with self._lock:
                self._values[key] = found
                while len(self._values) > self._room:
                    del self._values[next(iter(self._values))]
        return found
