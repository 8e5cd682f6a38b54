"""The freeze: the audience becomes deliveries, exclusions and batches, once, in bulk SQL.

The audience is read by one statement into a temporary table, so that everything after sees the same people, however
many readers come and go meanwhile (PostgreSQL gives each statement its own snapshot).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlmodel import Session, col

from newsletter.campaigns.models import Campaign, Choice, Exclusion, Wave
from newsletter.campaigns.states import CampaignState, ExclusionStage, require
from newsletter.delivery.models import Batch, Delivery
from newsletter.delivery.ranges import Range, cut
from newsletter.delivery.states import BatchState
from newsletter.errors import StateError
from newsletter.kit.faults import fp
from subscribers.audience import candidates
from subscribers.columns import BigKey, UTCDateTime, word
from subscribers.models import Cadence, MailingList

_PAGE = 10_000
_audience = Table(
    "freeze_audience",
    MetaData(),
    Column("subscription_id", BigKey),
    Column("subscriber_id", BigKey),
    Column("selection_id", BigKey),
    Column("variant_id", BigKey),
    Column("not_before", UTCDateTime),
    Column("reason", String),
    prefixes=["TEMPORARY"],
)
_staged = _audience.c
_goes_out = _staged.reason.is_(None)


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a freeze came to: candidates = deliveries + what was excluded, by reason."""

    candidates: int
    deliveries: int
    excluded: Mapping[str, int]
    batches: int


def freeze(
    session: Session,
    campaign: Campaign,
    mailing_list: MailingList,
    cadences: Collection[Cadence],
    now: datetime,
    *,
    max_recipients: int = 1000,
) -> Frozen:
    """Write deliveries, freeze exclusions and batches of a planned campaign, and let it be sent.

    Runs in the caller's transaction, in memory that does not grow with the audience. Raises `StateError` when the
    campaign was frozen before, or when a reader has no answer in the plan: then nothing is kept, and nobody is lost.
    """
    require(campaign.state, CampaignState.SENDING)
    if campaign.frozen_at is not None:
        raise StateError(f"Campaign {campaign.id} was frozen at {campaign.frozen_at:%Y-%m-%d %H:%M} UTC already.")
    assert campaign.id is not None
    with session.begin_nested():
        _audience.create(session.connection())
        frozen = _freeze(session, campaign, mailing_list, cadences, now, min(campaign.batch_size, max_recipients))
        _audience.drop(session.connection())
    return frozen


def _freeze(
    session: Session,
    campaign: Campaign,
    mailing_list: MailingList,
    cadences: Collection[Cadence],
    now: datetime,
    batch_size: int,
) -> Frozen:
    assert campaign.id is not None
    found = _stage(session, campaign.id, mailing_list, cadences, now)
    _refuse_unanswered(session, campaign.id)
    deliveries = _insert_deliveries(session, campaign.id)
    fp("03")
    excluded = _insert_exclusions(session, campaign.id, now)
    batches = _insert_batches(session, campaign.id, batch_size)
    if found != deliveries + sum(excluded.values()):
        raise StateError(f"Campaign {campaign.id}: {found} candidates are not {deliveries} deliveries plus {excluded}.")
    fp("04")
    campaign.candidate_count, campaign.frozen_at, campaign.state = found, now, CampaignState.SENDING
    session.add(campaign)
    session.flush()
    return Frozen(found, deliveries, excluded, batches)


def _stage(
    session: Session, campaign_id: int, mailing_list: MailingList, cadences: Collection[Cadence], now: datetime
) -> int:
    who = candidates(mailing_list, cadences, now).subquery("who")
    answer = and_(
        col(Choice.campaign_id) == campaign_id,
        col(Choice.selection_id) == who.c.selection_id,
        col(Choice.language) == who.c.language,
        col(Choice.tracking) == who.c.tracking,
    )
    wave = and_(
        col(Wave.campaign_id) == campaign_id,
        col(Wave.time_zone) == who.c.time_zone,
        col(Wave.send_hour) == who.c.send_hour,
    )
    found = (
        select(
            who.c.subscription_id,
            who.c.subscriber_id,
            who.c.selection_id,
            col(Choice.variant_id),
            col(Wave.not_before),
            func.coalesce(who.c.reason, col(Choice.exclusion)),
        )
        .select_from(who)
        .outerjoin(Choice, answer)
        .outerjoin(Wave, wave)
    )
    names = [column.name for column in _staged][:6]
    session.execute(insert(_audience).from_select(names, found))
    staged: int = session.execute(select(func.count()).select_from(_audience)).scalar_one()
    return staged


def _refuse_unanswered(session: Session, campaign_id: int) -> None:
    """A candidate without an answer would be lost: rather nobody gets anything, and the plan is made again."""
    gap = and_(_goes_out, or_(_staged.variant_id.is_(None), _staged.not_before.is_(None)))
    missing = session.execute(select(func.count()).select_from(_audience).where(gap)).scalar_one()
    if missing:
        raise StateError(
            f"Campaign {campaign_id}: the plan has no variant or no sending time for {missing} readers, who changed "
            "while it was made. Plan it again."
        )


def _insert_deliveries(session: Session, campaign_id: int) -> int:
    order = (_staged.not_before, _staged.variant_id, _staged.subscription_id)
    source = (
        select(
            literal(campaign_id),
            func.row_number().over(order_by=order),
            _staged.subscriber_id,
            _staged.subscription_id,
            _staged.selection_id,
            _staged.variant_id,
        )
        .where(_goes_out)
        .order_by(*order)
    )
    names = ["campaign_id", "position", "subscriber_id", "subscription_id", "selection_id", "variant_id"]
    session.execute(insert(Delivery).from_select(names, source))
    mine = col(Delivery.campaign_id) == campaign_id
    written: int = session.execute(select(func.count()).select_from(Delivery).where(mine)).scalar_one()
    return written


def _insert_exclusions(session: Session, campaign_id: int, now: datetime) -> dict[str, int]:
    source = select(
        literal(campaign_id),
        _staged.subscriber_id,
        literal(ExclusionStage.FREEZE, word(ExclusionStage, "exclusion_stage")),
        _staged.reason,
        literal(now, UTCDateTime),
    ).where(~_goes_out)
    names = ["campaign_id", "subscriber_id", "stage", "reason", "at"]
    session.execute(insert(Exclusion).from_select(names, source))
    counts = (
        select(col(Exclusion.reason), func.count())
        .where(col(Exclusion.campaign_id) == campaign_id)
        .group_by(col(Exclusion.reason))
    )
    return dict(session.execute(counts).all())


def _insert_batches(session: Session, campaign_id: int, batch_size: int) -> int:
    """Cut each (sending time, variant) into batches, in the order in which the positions were given."""
    key = (_staged.not_before, _staged.variant_id)
    groups = session.execute(select(*key, func.count()).where(_goes_out).group_by(*key).order_by(*key))
    page: list[dict[str, object]] = []
    written = 0
    for piece in cut((((moment, variant), count) for moment, variant, count in groups.all()), batch_size):
        page.append(_batch(campaign_id, piece))
        if len(page) == _PAGE:
            written += _write(session, page)
    return written + _write(session, page)


def _batch(campaign_id: int, piece: Range[tuple[datetime, int]]) -> dict[str, object]:
    moment, variant = piece.key
    return {
        "campaign_id": campaign_id,
        "variant_id": variant,
        "first_position": piece.first,
        "last_position": piece.last,
        "not_before": moment,
        "state": BatchState.READY,
        "is_leaf": True,
        "attempt_count": 0,
    }


def _write(session: Session, page: list[dict[str, object]]) -> int:
    count = len(page)
    if page:
        session.execute(insert(Batch), page)
        page.clear()
    return count
