"""The preference page, by a personal link that lives for 90 days and dies with its generation (S-01, S-04).

It shows no name and no full address, because mails are forwarded; it works without JavaScript; only its POST changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsletter.delivery.compose import mailing_day
from newsletter.kit.tokens import BadToken, Purpose
from newsletter.rendering.look import Language
from newsletter.web.forms import fields_of
from newsletter.web.mask import masked
from newsletter.web.pages import language_of, page
from newsletter.web.phrases import TRACKING_CONSENT_VERSION, as_language, phrases
from newsletter.web.public.archive import list_name
from newsletter.web.public.wishes import PreferencesForm, Refused, as_change, check, heeded, parse
from newsletter.web.site import evidence, numbers_of, site_of
from subscribers import subscriptions
from subscribers.choices import ChoiceRow, choices
from subscribers.consent import Evidence
from subscribers.models import (
    ChoiceKind,
    MailingList,
    Selection,
    Subscriber,
    Subscription,
    SubscriptionState,
    Tracking,
)
from subscribers.selections import WhenEmpty, Wishes
from subscribers.store import wishes_of

LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Reader:
    """What the page shows."""

    subscription: Subscription
    address: str
    list_name: str
    language: Language
    sections: tuple[ChoiceRow, ...]
    categories: tuple[ChoiceRow, ...]
    wishes: Wishes
    zone: ZoneInfo


def show(request: Request) -> Response:
    """The form as it stands."""
    with site_of(request).product.database.read() as session:
        return _page(request, _reader(session, request))


async def save(request: Request) -> Response:
    """Save, and back to the page; or the page again with what to correct, and nothing changed."""
    return await run_in_threadpool(_save, request, parse(await fields_of(request)))


def _save(request: Request, form: PreferencesForm | Refused) -> Response:
    site = site_of(request)
    with site.product.database.write() as session:
        reader = _reader(session, request)
        refused = form if isinstance(form, Refused) else _check(form, reader)
        if refused is not None:
            return _page(request, reader, refused.errors, status=422)
        assert isinstance(form, PreferencesForm)
        language = _asked_language(request) if form.language == reader.subscription.language else ""
        _apply(session, request, reader, form)
    return RedirectResponse(f"{_here(request)}?saved=1{language and '&' + language}", 303)


def _here(request: Request) -> str:
    return f"/p/{request.path_params['token']}"


def _asked_language(request: Request) -> str:
    """`lang=…` where the page was asked for in a language, to be asked for again."""
    asked = request.query_params.get("lang")
    return f"lang={asked}" if asked in {"ko", "en"} else ""


def _check(form: PreferencesForm, reader: Reader) -> Refused | None:
    return check(
        form,
        {row.key for row in reader.sections} | set(reader.wishes.sections),
        {row.key for row in reader.categories} | set(reader.wishes.categories),
    )


def _apply(session: Session, request: Request, reader: Reader, form: PreferencesForm) -> None:
    number = reader.subscription.id
    assert number is not None
    now = site_of(request).product.clock.now()
    if form.pause == "none":
        subscriptions.resume(session, number, now)
    meant = heeded(form, reader.wishes, [row.key for row in reader.sections], [row.key for row in reader.categories])
    subscriptions.change(session, number, as_change(meant, now), now, evidence=_evidence(request, reader, form))


def _evidence(request: Request, reader: Reader, form: PreferencesForm) -> Evidence:
    """For a new consent to be followed: the very text that stood beside the choice."""
    if form.tracking is not Tracking.INDIVIDUAL:
        return evidence(request)
    text = phrases(reader.language).trackings["individual"][1]
    return evidence(request, TRACKING_CONSENT_VERSION, sha256(text.encode()).hexdigest())


def _reader(session: Session, request: Request) -> Reader:
    """Whom the link is about, or `BadToken` for one that is too old, of an earlier generation, or about nobody."""
    subscription_id, generation, day = numbers_of(request, Purpose.PREFERENCES, 3)
    found = session.get(Subscription, subscription_id)
    age = mailing_day(site_of(request).product.clock.now()) - day
    if found is None or age > LIFE.days:
        raise BadToken
    person = session.get_one(Subscriber, found.subscriber_id)
    if person.link_generation != generation or person.email is None:
        raise BadToken
    language = language_of(request, as_language(found.language))
    offered = choices(session, found.list_id)
    mailing_list = session.get_one(MailingList, found.list_id)
    wishes = wishes_of(session.get_one(Selection, found.selection_id))
    return Reader(
        subscription=found,
        address=masked(person.email),
        list_name=list_name(mailing_list, language),
        language=language,
        sections=offered.active(ChoiceKind.SECTION),
        categories=offered.active(ChoiceKind.CATEGORY),
        wishes=wishes.renamed(offered.section_aliases, offered.category_aliases),
        zone=ZoneInfo(found.time_zone or mailing_list.time_zone),
    )


def _page(request: Request, reader: Reader, errors: tuple[str, ...] = (), status: int = 200) -> Response:
    found, wishes = reader.subscription, reader.wishes
    until = found.paused_until
    is_paused = until is not None and until > site_of(request).product.clock.now()
    t = phrases(reader.language)
    return page(
        request,
        "preferences",
        reader.language,
        status=status,
        reader=reader,
        here=_here(request),
        asked_language=_asked_language(request),
        leave=f"/u/{site_of(request).product.keys.sign(Purpose.UNSUBSCRIBE, found.id or 0, 0, 0)}",
        errors=[t.errors[error] for error in errors],
        is_saved=request.query_params.get("saved") == "1" and not errors,
        is_ended=found.state is SubscriptionState.ENDED,
        is_pending=found.state is SubscriptionState.PENDING,
        is_empty=not wishes.all_sections and not wishes.sections,
        has_focus=wishes.when_empty is WhenEmpty.FOCUS,
        hidden=_hidden(reader),
        paused_until=until.astimezone(reader.zone) if until and is_paused else None,
    )


def _hidden(reader: Reader) -> list[tuple[str, str]]:
    """Picks that the page does not offer, to be sent along as they are."""
    sections = {row.key for row in reader.sections}
    categories = {row.key for row in reader.categories}
    return [
        *(("section", key) for key in reader.wishes.sections if key not in sections),
        *(("category", key) for key in reader.wishes.categories if key not in categories),
    ]
