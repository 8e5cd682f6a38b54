"""A planned campaign as rows, a desk to send it from, and the checker that every test which sends ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlmodel import Session, col, select

from newsletter.campaigns.models import Campaign, Choice, Variant, Wave
from newsletter.campaigns.states import CampaignKind, CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.compose import Composer, Sender
from newsletter.delivery.ledger import Frozen
from newsletter.delivery.models import Batch, Decision, Delivery, Request
from newsletter.delivery.rate import Rate
from newsletter.delivery.sender import Desk
from newsletter.delivery.states import BatchState, WireClass
from newsletter.delivery.transports.base import Transport
from newsletter.kit.clock import Clock
from newsletter.kit.tokens import KeyRing
from newsletter.rendering.personal import tags
from subscribers.models import (
    Cadence,
    ListKind,
    MailingList,
    Selection,
    Subscriber,
    Subscription,
    SubscriptionState,
    Tracking,
    WhenEmpty,
)

NONCE = "0a1b2c3d4e"
KEYS = KeyRing({1: b"only for tests, never elsewhere."}, 1)
SENDER = Sender("https://news.example.org", "digest@news.example.org")
FAST = Rate(per_second=1e6, burst=1000)
NO_HOUR = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A subscriber of the list, by default active, Korean, with aggregate tracking."""

    name: str = ""
    selection: int = 0
    state: SubscriptionState = SubscriptionState.ACTIVE
    tracking: Tracking = Tracking.AGGREGATE
    cadence: Cadence = Cadence.EACH
    hour: int | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the planner would have written: an answer per selection, and a sending time per hour."""

    people: Sequence[Person]
    batch_size: int = 7
    nothing_matched: frozenset[int] = frozenset()
    later: Mapping[int, timedelta] = field(default_factory=dict)
    """Readers' own hour → how long after now that is."""
    occurrence: str = "2026-9#1"


def people(count: int, *, selections: int = 1) -> list[Person]:
    """Active readers, spread over so many selections."""
    return [Person(selection=n % selections) for n in range(count)]


def planned(session: Session, plan: Plan, now: datetime) -> Campaign:
    """A campaign that is about to be frozen, with a list of its own."""
    mailing_list = _list(session, plan, now)
    assert mailing_list.id is not None
    campaign = Campaign(
        ref=f"ref{plan.occurrence}",
        list_id=mailing_list.id,
        kind=CampaignKind.ISSUE,
        state=CampaignState.FREEZING,
        schedule=f"manual:{mailing_list.slug}",
        occurrence=plan.occurrence,
        starts_at=now,
        batch_size=plan.batch_size,
        nonce=NONCE,
        created_at=now,
    )
    session.add(campaign)
    session.flush()
    selections = _selections(session, mailing_list.id, plan)
    _answers(session, campaign, plan, selections, now)
    _readers(session, mailing_list.id, plan, selections, now)
    return campaign


def frozen(database: Database, plan: Plan, now: datetime) -> tuple[int, Frozen]:
    """A campaign that is being sent."""
    with database.write() as session:
        campaign = planned(session, plan, now)
        assert campaign.id is not None
        mailing_list = session.get_one(MailingList, campaign.list_id)
        return campaign.id, ledger.freeze(session, campaign, mailing_list, [Cadence.EACH], now)


def desk(database: Database, transport: Transport, clock: Clock, *, rate: Rate = FAST) -> Desk:
    """Everything a call needs."""
    return Desk(database, transport, Composer(SENDER, KEYS), clock, "worker-1", rate)


def batch_ids(database: Database, campaign_id: int) -> list[int]:
    """All batches, in order of their positions and birth."""
    with database.read() as session:
        query = (
            select(Batch.id).where(Batch.campaign_id == campaign_id).order_by(col(Batch.first_position), col(Batch.id))
        )
        return [id_ for id_ in session.exec(query) if id_ is not None]


def states(database: Database, campaign_id: int) -> Counter[BatchState]:
    """Leaf batches by state."""
    with database.read() as session:
        query = select(Batch).where(Batch.campaign_id == campaign_id, col(Batch.is_leaf))
        return Counter(batch.state for batch in session.exec(query))


def broken_invariants(database: Database, journal: Iterable[tuple[str, int]], campaign_id: int) -> list[str]:
    """I1, I2, I3 for one campaign; `journal` holds (attempt id, position) of every copy the provider accepted."""
    faults: list[str] = []
    with database.read() as session:
        requests = {one.attempt_id: one for one in session.exec(select(Request))}
        copies = Counter(position for attempt, position in journal if _is_of(session, requests, attempt, campaign_id))
        faults += _copies(session, campaign_id, copies)
        faults += _sums(session, campaign_id)
        faults += [
            f"I3: attempt {attempt} was made without an intent" for attempt, _ in journal if attempt not in requests
        ]
        faults += _acceptances(session, campaign_id, requests.values())
    return faults


def _is_of(session: Session, requests: Mapping[str, Request], attempt: str, campaign_id: int) -> bool:
    request = requests.get(attempt)
    return request is not None and session.get_one(Batch, request.batch_id).campaign_id == campaign_id


def _copies(session: Session, campaign_id: int, copies: Counter[int]) -> list[str]:
    resent = (
        select(Batch.first_position, Batch.last_position)
        .join(Decision, col(Decision.batch_id) == col(Batch.id))
        .where(Batch.campaign_id == campaign_id, Decision.action == "resend")
    )
    decided: Counter[int] = Counter()
    for first, last in session.exec(resent):
        decided.update(range(first, last + 1))
    return [
        f"I1: position {position} was accepted {count} times with {decided[position]} decisions"
        for position, count in copies.items()
        if count > 1 + decided[position]
    ]


def _sums(session: Session, campaign_id: int) -> list[str]:
    sums = ledger.sums(session, campaign_id)
    faults = [] if sums.closes else [f"I2: the sums do not close: {sums}"]
    covered = sorted(
        position
        for first, last in session.exec(
            select(Batch.first_position, Batch.last_position).where(
                Batch.campaign_id == campaign_id, col(Batch.is_leaf)
            )
        )
        for position in range(first, last + 1)
    )
    positions = sorted(session.exec(select(Delivery.position).where(Delivery.campaign_id == campaign_id)))
    if covered != positions:
        faults.append("I2: leaf ranges do not tile the positions")
    if session.get_one(Campaign, campaign_id).state is CampaignState.FINISHED and sums.unsettled:
        faults.append("I2: finished with unsettled readers")
    return faults


def _acceptances(session: Session, campaign_id: int, requests: Iterable[Request]) -> list[str]:
    proved = {
        request.batch_id
        for request in requests
        if request.outcome is WireClass.ACCEPTED or request.evidence_at is not None
    }
    faults = []
    accepted = select(Batch).where(Batch.campaign_id == campaign_id, Batch.state == BatchState.ACCEPTED)
    for batch in session.exec(accepted):
        line: Batch | None = batch
        while line is not None and line.id not in proved:
            line = session.get(Batch, line.parent_id) if line.parent_id is not None else None
        if line is None:
            faults.append(f"I3: batch {batch.id} is accepted without a 202 or evidence")
    return faults


def _list(session: Session, plan: Plan, now: datetime) -> MailingList:
    mailing_list = MailingList(
        slug=f"digest-{plan.occurrence.replace('#', '-')}",
        name_ko="동향 소식",
        name_en="Trend digest",
        kind=ListKind.INFORMATION,
        created_at=now,
    )
    session.add(mailing_list)
    session.flush()
    return mailing_list


def _selections(session: Session, list_id: int, plan: Plan) -> dict[int, int]:
    found = {}
    for number in sorted({person.selection for person in plan.people}):
        row = Selection(
            list_id=list_id,
            digest=f"{number}",
            all_sections=number == 0,
            all_categories=number == 0,
            sections=[],
            categories=[f"c{number}"],
            when_empty=WhenEmpty.NOTHING,
        )
        session.add(row)
        session.flush()
        assert row.id is not None
        found[number] = row.id
    return found


def _answers(session: Session, campaign: Campaign, plan: Plan, selections: Mapping[int, int], now: datetime) -> None:
    assert campaign.id is not None
    for number, tracking in sorted({(person.selection, person.tracking) for person in plan.people}):
        left_out = number in plan.nothing_matched
        session.add(
            Choice(
                campaign_id=campaign.id,
                selection_id=selections[number],
                language="ko",
                tracking=tracking,
                variant_id=None if left_out else _variant(session, campaign.id, number, tracking),
                exclusion="nothing-matched" if left_out else None,
            )
        )
    for hour in {person.hour if person.hour is not None else NO_HOUR for person in plan.people}:
        moment = now + plan.later.get(hour, timedelta())
        session.add(Wave(campaign_id=campaign.id, time_zone="Asia/Seoul", send_hour=hour, not_before=moment))
    session.flush()


def _variant(session: Session, campaign_id: int, number: int, tracking: Tracking) -> int:
    html, text = bodies(number, tracking)
    variant = Variant(
        campaign_id=campaign_id,
        key=f"{number}-{tracking}",
        language="ko",
        tracking=tracking,
        is_advertising=False,
        template_hash="t",
        subject=f"이번 호 소식 {number}",
        preheader="",
        html=html,
        text=text,
        full_count=1,
        line_count=0,
        shortened_count=0,
    )
    session.add(variant)
    session.flush()
    assert variant.id is not None
    return variant.id


def bodies(number: int, tracking: Tracking) -> tuple[str, str]:
    """HTML and text of a variant, with every personal tag in its place."""
    tag = tags(NONCE)
    site = SENDER.base_url
    individual = tracking is Tracking.INDIVIDUAL
    html = (
        f'<html lang="ko"><body>{tag.open if individual else ""}<p>{tag.picks_html}</p><p>content {number}</p>'
        f'<a href="{site}/p/{tag.preferences}">p</a><a href="{site}/u/{tag.unsubscribe}">u</a>'
        f'<a href="{site}/m/{tag.web_copy}">m</a>'
        + (f'<a href="{site}/c/{tag.click}/1">c</a>' if individual else "")
        + "</body></html>"
    )
    return html, f"{tag.picks_text}\ncontent {number}\n{site}/u/{tag.unsubscribe}\n{site}/p/{tag.preferences}\n"


def _readers(session: Session, list_id: int, plan: Plan, selections: Mapping[int, int], now: datetime) -> None:
    first = (session.exec(select(Subscriber.id).order_by(col(Subscriber.id).desc())).first() or 0) + 1
    emails = [person.email or f"reader{number}@example.com" for number, person in enumerate(plan.people, first)]
    if not emails:
        return
    session.execute(
        insert(Subscriber),
        [
            {"id": id_, "email": email, "email_key": email, "link_generation": 0, "created_at": now}
            for id_, email in enumerate(emails, first)
        ],
    )
    session.execute(
        insert(Subscription),
        [
            {
                "list_id": list_id,
                "subscriber_id": id_,
                "selection_id": selections[person.selection],
                "state": person.state,
                "name": person.name,
                "language": "ko",
                "send_hour": person.hour,
                "cadence": person.cadence,
                "tracking": person.tracking,
                "created_at": now,
            }
            for id_, person in enumerate(plan.people, first)
        ],
    )
