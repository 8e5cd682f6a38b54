"""What a reader would get, before anything is planned: on the screen, in a file, or as a test mail."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlmodel import Session, select

from newsletter.campaigns.variants import choose
from newsletter.delivery.compose import Names, Sender, read_names, sentence
from newsletter.delivery.message import Letter, Message, Recipient, check, check_recipient, list_id
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.errors import InputError, NotFound, StateError
from newsletter.issues import store as issues
from newsletter.issues.content import Placement
from newsletter.jobs import looks
from newsletter.jobs.looks import Mailing
from newsletter.jobs.planning import as_language
from newsletter.jobs.product import Product
from newsletter.rendering.look import ADVERTISING_LABEL, Language
from newsletter.rendering.personal import Personal, fill, substitutions
from newsletter.rendering.renderer import Rendered, Renderer
from subscribers.addresses import normalise
from subscribers.choices import Choices
from subscribers.models import MailingList, Selection, Subscriber, Subscription
from subscribers.selections import Wishes
from subscribers.store import wishes_of

TEST_MARK = {"ko": "[시험 발송] ", "en": "[Test] "}
_STAND_IN = "preview"
"""In place of every personal token: the pages say that this link belongs to nobody."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Whose mail to show: one reader's, or anybody's with these wishes."""

    email: str | None = None
    wishes: Wishes | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """One mail, filled, with everything it was made of."""

    rendered: Rendered
    html: str
    text: str
    mjml: str
    placements: tuple[Placement, ...]
    mailing_list: MailingList
    language: Language
    renderer: Renderer
    substitutions: dict[str, str]


def preview(product: Product, issue_key: str, eyes: Eyes) -> Preview:
    """Build the mail for these eyes from the issue's current version. Raises `StateError` where nothing matches."""
    with product.database.read() as session:
        stored = issues.find(session, issue_key)
        mailing_list = session.get_one(MailingList, stored.issue.list_id)
        wishes, spoken = _seen_by(session, mailing_list, eyes)
        language = as_language(eyes.language or spoken)
        choices = looks.list_choices(session, mailing_list)
        placements = choose(stored.content, wishes, looks.naming(choices))
        if not placements:
            raise StateError("Nothing in this issue matches these wishes, so this reader gets no mail.")
        mailing = Mailing(mailing_list, stored.content, _STAND_IN, secrets.token_hex(4))
        renderer = Renderer(stored.content, looks.look(session, product, mailing, language, "none"))
        names = read_names(session, mailing_list.id or 0, language)
    placements, _ = renderer.fit(placements, product.settings.html_budget)
    rendered = renderer.variant(placements)
    personal = _personal(names, wishes, language)
    values = substitutions(mailing.nonce, personal, "none")
    html, text = fill(rendered.html, values), fill(rendered.text, values)
    mjml = renderer.mjml(placements, personal)
    return Preview(rendered, html, text, mjml, placements, mailing_list, language, renderer, values)


def send_test(product: Product, issue_key: str, as_email: str, to_email: str) -> Outcome:
    """Hand one marked mail to the transport: no delivery, no statistics, and links that change nobody's settings.

    Raises `StateError` unless the transport accepted it.
    """
    seen = preview(product, issue_key, Eyes(email=as_email))
    message = _test_message(product, seen, to_email)
    transport = product.open_transport()
    try:
        outcome = transport.submit(message)
    finally:
        transport.close()
    if outcome.wire is not WireClass.ACCEPTED:
        raise StateError(f"The test mail was not accepted ({outcome.wire}): {outcome.detail}.")
    return outcome


def _test_message(product: Product, seen: Preview, to_email: str) -> Message:
    sender = Sender.of(product.settings)
    publisher = looks.publisher(seen.mailing_list, product.settings, seen.language)
    letter = Letter(
        subject=_marked(seen),
        html=seen.rendered.html,
        text=seen.rendered.text,
        from_email=publisher.from_email,
        from_name=publisher.from_name,
        list_id=list_id(seen.mailing_list.slug, publisher.from_email),
        reply_to=publisher.reply_to,
        language=seen.language,
    )
    url = f"{sender.base_url.rstrip('/')}/u/{_STAND_IN}"
    recipient = Recipient(0, normalise(to_email).email, "", seen.substitutions, url)
    check_recipient(recipient)
    message = Message(letter, (recipient,), 0, f"test-{secrets.token_hex(8)}", product.clock.now())
    check(message)
    return message


def _marked(seen: Preview) -> str:
    """The subject as a test: the label of advertising stays first, as the law wants it (C-04)."""
    subject, label = seen.rendered.subject, f"{ADVERTISING_LABEL} "
    first = label if subject.startswith(label) else ""
    return first + TEST_MARK[seen.language] + subject.removeprefix(first)


def _seen_by(session: Session, mailing_list: MailingList, eyes: Eyes) -> tuple[Wishes, str]:
    if eyes.wishes is not None:
        if eyes.email is not None:
            raise InputError("Say --as EMAIL, or --sections and --categories, not both.")
        _require_known(eyes.wishes, mailing_list.slug, looks.list_choices(session, mailing_list))
        return eyes.wishes, mailing_list.language
    if eyes.email is None:
        raise InputError("Say whose mail to show: --as EMAIL, or --sections and --categories.")
    found = session.exec(
        select(Selection, Subscription.language)
        .join(Subscription)
        .join(Subscriber)
        .where(Subscription.list_id == mailing_list.id, Subscriber.email_key == normalise(eyes.email).key)
    ).first()
    if found is None:
        raise NotFound(f"This address is not on the list {mailing_list.slug}.")
    selection, language = found
    return wishes_of(selection), language


def _require_known(wishes: Wishes, slug: str, there: Choices) -> None:
    """Readers keep what a list no longer has; who types a name that it never had has misspelt it."""
    for what, wanted, rows, aliases in (
        ("section", wishes.sections, there.sections, there.section_aliases),
        ("category", wishes.categories, there.categories, there.category_aliases),
    ):
        keys = [row.key for row in rows]
        if unknown := [name for name in wanted if name not in keys and name not in aliases]:
            raise InputError(f"The list {slug} has no {what} {unknown[0]!r}; there is: {', '.join(keys)}.")


def _personal(names: Names, wishes: Wishes, language: Language) -> Personal:
    return Personal(sentence(names, wishes, language), _STAND_IN, _STAND_IN, _STAND_IN, _STAND_IN)
