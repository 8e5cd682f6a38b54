"""Leaving: one click from the mail program (RFC 8058), two from a person, and the way back for a day.

Opening the link changes nothing, since mail scanners open every link; the button posts. The one-click POST needs no
cookie, no origin and no login, is never redirected, and may come any number of times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.kit.tokens import BadToken, Purpose
from newsletter.rendering.look import Language
from newsletter.web.forms import fields_of
from newsletter.web.mask import masked
from newsletter.web.pages import language_of, page
from newsletter.web.phrases import as_language
from newsletter.web.public.archive import list_name
from newsletter.web.site import evidence, numbers_of, site_of
from subscribers import subscriptions
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState
from subscribers.subscriptions import UNSUBSCRIBED

ONE_CLICK = ("List-Unsubscribe", "One-Click")
UNDO_TIME = timedelta(days=1)
"""A forwarded mail must not bring somebody back who left long ago."""

Act = Callable[[Session, Subscription, Request], str]


@dataclass(frozen=True, slots=True)
class Leaver:
    """What the pages show."""

    address: str
    list_name: str
    has_left: bool
    can_undo: bool


def ask(request: Request) -> Response:
    """The page with the button, or, for who has left, the page that says so."""

    def look(_session: Session, subscription: Subscription, _request: Request) -> str:
        return "left" if subscription.state is SubscriptionState.ENDED else "leave"

    with site_of(request).product.database.read() as session:
        name, leaver, language = _do(session, request, look)
    return _page(request, name, leaver, language)


async def leave(request: Request) -> Response:
    """One-click. 400 and no change for a body that does not say so."""
    if ONE_CLICK not in await fields_of(request):
        raise HTTPException(400)

    def act(session: Session, subscription: Subscription, request: Request) -> str:
        assert subscription.id is not None
        subscriptions.leave(session, subscription.id, _now(request), "one-click", evidence=evidence(request))
        return "left"

    return await run_in_threadpool(_change, request, act)


def undo(request: Request) -> Response:
    """Back on the list, within a day and by the same link."""

    def act(session: Session, subscription: Subscription, request: Request) -> str:
        if subscription.state is not SubscriptionState.ENDED:
            return "undone"
        assert subscription.id is not None
        is_back = _can_undo(subscription, _now(request)) and subscriptions.rejoin(
            session, subscription.id, _now(request), "undo", evidence(request)
        )
        return "undone" if is_back else "not-undone"

    return _change(request, act)


def leave_all(request: Request) -> Response:
    """Every list, also those that come later."""

    def act(session: Session, subscription: Subscription, request: Request) -> str:
        subscriptions.leave_all(
            session, subscription.subscriber_id, _now(request), "leave-all", evidence=evidence(request)
        )
        return "left-all"

    return _change(request, act)


def _change(request: Request, act: Act) -> Response:
    with site_of(request).product.database.write() as session:
        name, leaver, language = _do(session, request, act)
    return _page(request, name, leaver, language)


def _do(session: Session, request: Request, act: Act) -> tuple[str, Leaver, Language]:
    """Find whom the link is about, act, and say what to show. Raises `BadToken` for a link about nobody."""
    subscription_id, _campaign, _position = numbers_of(request, Purpose.UNSUBSCRIBE, 3)
    found = session.get(Subscription, subscription_id)
    if found is None:
        raise BadToken
    name = act(session, found, request)
    session.refresh(found)
    person = session.get_one(Subscriber, found.subscriber_id)
    language = language_of(request, as_language(found.language))
    leaver = Leaver(
        address=masked(person.email),
        list_name=list_name(session.get_one(MailingList, found.list_id), language),
        has_left=found.state is SubscriptionState.ENDED,
        can_undo=_can_undo(found, _now(request)),
    )
    return name, leaver, language


def _can_undo(subscription: Subscription, now: datetime) -> bool:
    return (
        subscription.state is SubscriptionState.ENDED
        and subscription.ended_reason == UNSUBSCRIBED
        and subscription.confirmed_at is not None
        and subscription.ended_at is not None
        and now - subscription.ended_at <= UNDO_TIME
    )


def _now(request: Request) -> datetime:
    return site_of(request).product.clock.now()


def _page(request: Request, name: str, leaver: Leaver, language: Language) -> Response:
    token = request.path_params["token"]
    return page(request, "leaving", language, step=name, leaver=leaver, here=f"/u/{token}")
