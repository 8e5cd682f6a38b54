"""Campaigns in the database: created, planned, found. The only writer of variant, choice and wave rows.

Of a campaign row the ledger writes what the freeze and the sending find out: counts, and a state that follows.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from newsletter.campaigns.models import Campaign, CampaignIssue, Choice, Variant, VariantItem, Wave
from newsletter.campaigns.planner import Decision
from newsletter.campaigns.states import CampaignKind, CampaignState, require
from newsletter.errors import NotFound, StateError
from newsletter.issues.content import Placement
from newsletter.issues.models import IssueVersion
from newsletter.issues.store import Stored
from subscribers.models import MailingList, Tracking


@dataclass(frozen=True, slots=True)
class Words:
    """A variant's rendered parts, and what names it."""

    key: str
    is_advertising: bool
    template_hash: str
    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a new campaign is asked to be."""

    starts_at: datetime
    is_timed: bool = False
    """Whether the clock starts it; else a person does."""
    local_hour: int | None = None
    batch_size: int = 250
    subject: str | None = None
    is_repeat: bool = False


def create(session: Session, mailing_list: MailingList, stored: Stored, request: Request, now: datetime) -> Campaign:
    """Claim the occurrence, store a scheduled campaign; `StateError` where this issue is being sent already."""
    assert mailing_list.id is not None
    assert stored.version.id is not None
    earlier = _of_issue(session, stored)
    open_ones = [campaign for campaign in earlier if campaign.state is not CampaignState.CANCELLED]
    if open_ones and not request.is_repeat:
        raise StateError(
            f"Issue {stored.issue.key} already has campaign {open_ones[-1].id} ({open_ones[-1].state}). "
            "Cancel that one first, or say --again to send the issue to its readers once more."
        )
    schedule, occurrence = _occurrence(mailing_list, stored, request, len(earlier) + 1)
    campaign = Campaign(
        ref=secrets.token_hex(8),
        list_id=mailing_list.id,
        kind=CampaignKind.ISSUE,
        state=CampaignState.SCHEDULED,
        schedule=schedule,
        occurrence=occurrence,
        starts_at=request.starts_at,
        local_hour=request.local_hour,
        batch_size=request.batch_size,
        nonce=secrets.token_hex(4),
        subject=request.subject,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(campaign)
    except IntegrityError as error:
        raise StateError(f"The list {mailing_list.slug} already has a campaign for {occurrence}.") from error
    assert campaign.id is not None
    session.add(CampaignIssue(campaign_id=campaign.id, issue_version_id=stored.version.id, ordinal=1))
    session.flush()
    return campaign


def find(session: Session, campaign_id: int) -> Campaign:
    """The campaign with that number, or `NotFound`."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound(f"There is no campaign {campaign_id}. `newsletter campaign status` shows all.")
    return campaign


def every(session: Session) -> list[Campaign]:
    """All campaigns, the newest first."""
    return list(session.exec(select(Campaign).order_by(col(Campaign.id).desc())))


def due(session: Session, now: datetime) -> list[int]:
    """Timed campaigns whose moment has come, the oldest first."""
    query = select(Campaign.id).where(
        Campaign.state == CampaignState.SCHEDULED,
        col(Campaign.schedule).startswith("at:"),
        col(Campaign.starts_at) <= now,
    )
    return [found for found in session.exec(query.order_by(col(Campaign.starts_at))) if found is not None]


def release(session: Session, campaign: Campaign) -> None:
    """Free a cancelled campaign's occurrence, so that another may claim it."""
    campaign.occurrence = f"{campaign.occurrence} (cancelled {campaign.id})"
    session.add(campaign)


def issue_version_ids(session: Session, campaign_id: int) -> list[int]:
    """The issue versions a campaign carries, in order."""
    query = select(CampaignIssue.issue_version_id).where(CampaignIssue.campaign_id == campaign_id)
    return list(session.exec(query.order_by(col(CampaignIssue.ordinal))))


def move(session: Session, campaign: Campaign, state: CampaignState, reason: str | None = None) -> None:
    """Change a campaign's state along the table in `states`, or raise `StateError`."""
    require(campaign.state, state)
    campaign.state = state
    campaign.pause_reason = reason
    session.add(campaign)
    session.flush()


def save_plan(
    session: Session,
    campaign: Campaign,
    decisions: Sequence[Decision],
    words: Mapping[tuple[tuple[Placement, ...], str, str], Words],
    item_versions: Mapping[str, int],
) -> int:
    """Write variants, their items and everybody's choice; returns the number of variants.

    `words` has the rendered parts by (placements, language, tracking). Drafts whose words have the same key become one
    variant.
    """
    assert campaign.id is not None
    ids: dict[str, int] = {}
    for decision in decisions:
        draft = decision.draft
        if draft is None:
            continue
        part = words[draft.placements, draft.language, draft.tracking]
        if part.key not in ids:
            ids[part.key] = _add_variant(session, campaign.id, decision, part, item_versions)
    choices = [_choice(campaign.id, decision, words, ids) for decision in decisions]
    if choices:  # an INSERT without rows would be one of defaults
        session.execute(insert(Choice), choices)
    return len(ids)


def save_waves(session: Session, campaign_id: int, waves: Iterable[tuple[str, int, datetime]]) -> None:
    """Write the sending time of each (time zone, hour)."""
    rows = [
        {"campaign_id": campaign_id, "time_zone": zone, "send_hour": hour, "not_before": moment}
        for zone, hour, moment in waves
    ]
    if rows:
        session.execute(insert(Wave), rows)


def variant_count(session: Session, campaign_id: int) -> int:
    """How many variants a planned campaign has."""
    return session.exec(select(func.count()).select_from(Variant).where(Variant.campaign_id == campaign_id)).one()


def _of_issue(session: Session, stored: Stored) -> list[Campaign]:
    """Earlier campaigns of this issue, whatever version they carry."""
    versions = select(IssueVersion.id).where(IssueVersion.issue_id == stored.issue.id)
    query = select(Campaign).join(CampaignIssue).where(col(CampaignIssue.issue_version_id).in_(versions))
    return list(session.exec(query.order_by(col(Campaign.id))))


def _occurrence(mailing_list: MailingList, stored: Stored, request: Request, nth: int) -> tuple[str, str]:
    """(schedule, occurrence): local wall time for a timed campaign, else the issue and its how-manieth sending."""
    if not request.is_timed:
        return f"manual:{mailing_list.slug}", f"{stored.issue.key}#{nth}"
    wall = request.starts_at.astimezone(ZoneInfo(mailing_list.time_zone)).replace(tzinfo=None)
    return f"at:{mailing_list.slug}", wall.isoformat(timespec="minutes")


def _add_variant(
    session: Session, campaign_id: int, decision: Decision, part: Words, item_versions: Mapping[str, int]
) -> int:
    draft = decision.draft
    assert draft is not None
    forms = [placement.form for placement in draft.placements]
    variant = Variant(
        campaign_id=campaign_id,
        language=draft.language,
        tracking=Tracking(draft.tracking),
        full_count=forms.count("full"),
        line_count=forms.count("line"),
        shortened_count=len(draft.shortened),
        key=part.key,
        is_advertising=part.is_advertising,
        template_hash=part.template_hash,
        subject=part.subject,
        preheader=part.preheader,
        html=part.html,
        text=part.text,
    )
    session.add(variant)
    session.flush()
    assert variant.id is not None
    session.execute(
        insert(VariantItem),
        [
            {
                "variant_id": variant.id,
                "ordinal": n,
                "item_version_id": item_versions[placement.item],
                "form": placement.form,
            }
            for n, placement in enumerate(draft.placements, 1)
        ],
    )
    return variant.id


def _choice(
    campaign_id: int,
    decision: Decision,
    words: Mapping[tuple[tuple[Placement, ...], str, str], Words],
    ids: Mapping[str, int],
) -> dict[str, object]:
    demand, draft = decision.demand, decision.draft
    return {
        "campaign_id": campaign_id,
        "selection_id": demand.selection_id,
        "language": demand.language,
        "tracking": Tracking(demand.tracking),
        "variant_id": None if draft is None else ids[words[draft.placements, draft.language, draft.tracking].key],
        "exclusion": decision.exclusion,
    }
