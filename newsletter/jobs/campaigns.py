"""Create, start, pause, resume, cancel and look at a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter.campaigns import store
from newsletter.campaigns.models import Campaign
from newsletter.campaigns.states import CampaignState
from newsletter.campaigns.store import Request
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Sums
from newsletter.errors import InputError, StateError
from newsletter.issues import store as issues
from newsletter.issues.models import IssueState
from newsletter.jobs.planning import plan
from newsletter.jobs.product import Product, Progress, silent
from subscribers.models import MailingList

SUBJECT_LIMIT = 400
"""Characters of an editor's own subject, which the campaign remembers."""

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
"""Beyond, moving a time between zones may leave the calendar."""


@dataclass(frozen=True, slots=True)
class Status:
    """A campaign and its sums at one moment."""

    campaign: Campaign
    list_slug: str
    issue_key: str
    variants: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What `campaign create` asks for. `at` is local to the list where it has no offset; a blank subject is none."""

    issue_key: str
    at: str | None = None
    local_hour: int | None = None
    subject: str | None = None
    is_repeat: bool = False


def create(product: Product, wanted: NewCampaign) -> Campaign:
    """A scheduled campaign for a ready issue. Raises `StateError` for a draft, `InputError` for a moment gone by."""
    now = product.clock.now()
    with product.database.write() as session:
        stored = issues.find(session, wanted.issue_key)
        if stored.issue.state is not IssueState.READY:
            raise StateError(f"Issue {stored.issue.key} is a draft. `newsletter issue ready {stored.issue.key}` first.")
        mailing_list = session.get_one(MailingList, stored.issue.list_id)
        starts_at = moment(wanted.at, mailing_list.time_zone) or now
        if starts_at < now:
            raise InputError(f"{wanted.at} has gone by. Leave --at out to send at once.")
        request = Request(
            starts_at=starts_at,
            is_timed=wanted.at is not None,
            local_hour=wanted.local_hour,
            batch_size=product.settings.batch_size,
            subject=_subject(wanted.subject),
            is_repeat=wanted.is_repeat,
        )
        return store.create(session, mailing_list, stored, request, now)


def moment(text: str | None, time_zone: str) -> datetime | None:
    """An ISO 8601 time; one without an offset is in the list's zone. Raises `InputError`."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a time: write 2026-12-01T09:00 or 2026-12-01T09:00+09:00.") from error
    if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise InputError(f"{text!r} is too far from now: name a year from {EARLIEST_YEAR} to {LATEST_YEAR}.")
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(time_zone))


def _subject(text: str | None) -> str | None:
    words = " ".join((text or "").split())
    if len(words) > SUBJECT_LIMIT or not words.isprintable():
        raise InputError(f"A subject has at most {SUBJECT_LIMIT} printable characters, this one has {len(words)}.")
    return words or None


def start(product: Product, campaign_id: int, progress: Progress = silent) -> None:
    """Plan what is not planned yet and let it go out; whoever runs lanes takes it from here."""
    with product.database.read() as session:
        state = store.find(session, campaign_id).state
    if state is CampaignState.SCHEDULED:
        plan(product, campaign_id, progress)
        state = CampaignState.PAUSED
    if state is CampaignState.PAUSED:
        resume(product, campaign_id)
    elif state is not CampaignState.SENDING:
        raise StateError(f"Campaign {campaign_id} is {state}, so there is nothing to send.")


def pause(product: Product, campaign_id: int, reason: str = "paused by a person") -> None:
    """No further request leaves; those under way end."""
    with product.database.write() as session:
        store.move(session, store.find(session, campaign_id), CampaignState.PAUSED, reason)


def resume(product: Product, campaign_id: int) -> None:
    """Go on where it stopped; a provider that had stopped everything is tried again."""
    transport = product.open_transport()
    try:
        with product.database.write() as session:
            store.move(session, store.find(session, campaign_id), CampaignState.SENDING)
            ledger.restart(session, transport.name)
    finally:
        transport.close()


def cancel(product: Product, campaign_id: int) -> None:
    """End it for good: what has not been handed over never will be."""
    with product.database.write() as session:
        campaign = store.find(session, campaign_id)
        store.move(session, campaign, CampaignState.CANCELLED, "cancelled by a person")
        store.release(session, campaign)
        ledger.cancel(session, campaign_id, product.clock.now())


def status(product: Product, campaign_id: int) -> Status:
    """Where a campaign stands, with sums that close."""
    with product.database.read() as session:
        campaign = store.find(session, campaign_id)
        (version_id,) = store.issue_version_ids(session, campaign_id)
        return Status(
            campaign,
            session.get_one(MailingList, campaign.list_id).slug,
            issues.load_version(session, version_id).issue.key,
            store.variant_count(session, campaign_id),
            ledger.sums(session, campaign_id),
        )


def that_do_not_close(product: Product) -> list[int]:
    """Campaigns whose sums don't close: always none, unless the database was changed by other hands."""
    with product.database.read() as session:
        frozen = [one.id for one in store.every(session) if one.frozen_at is not None and one.id is not None]
        return [campaign_id for campaign_id in frozen if not ledger.sums(session, campaign_id).closes]


def status_json(found: Status) -> dict[str, object]:
    """A status as scripts read it; the names are those of the words in CONTEXT.md."""
    campaign, sums = found.campaign, found.sums
    return {
        "campaign": campaign.id,
        "list": found.list_slug,
        "issue": found.issue_key,
        "state": str(campaign.state),
        "reason": campaign.pause_reason,
        "candidates": sums.candidates,
        "deliveries": sums.deliveries,
        "excluded_at_freeze": dict(sums.freeze_exclusions),
        "excluded_at_send": dict(sums.send_exclusions),
        "deliveries_by_state": {str(state): count for state, count in sums.deliveries_by_state.items()},
        "batches_by_state": {str(state): count for state, count in sums.batches_by_state.items()},
        "variants": found.variants,
        "requests": sums.requests,
        "unknown": [
            {"batch": batch.id, "readers": batch.readers, "reason": batch.reason} for batch in sums.unknown_batches
        ],
        "closes": sums.closes,
    }
