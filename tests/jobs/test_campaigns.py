from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from newsletter.campaigns import store
from newsletter.campaigns.models import Campaign, Variant, VariantItem
from newsletter.campaigns.states import CampaignState
from newsletter.delivery.transports.memory import MemoryTransport
from newsletter.errors import InputError, NotFound, StateError
from newsletter.issues.content import Content
from newsletter.issues.content_json import dump
from newsletter.issues.models import ItemVersion
from newsletter.jobs import campaigns, issues, sending
from newsletter.jobs.campaigns import NewCampaign
from newsletter.jobs.coverage import coverage
from newsletter.jobs.issues import Readying
from newsletter.jobs.planning import plan
from newsletter.jobs.product import Product
from newsletter.jobs.regular import run_job
from newsletter.kit.clock import SteppedClock
from subscribers.models import Cadence, MailingList
from tests.builders import a_reader
from tests.jobs.conftest import ISSUE

BringIn = Callable[[Content], str]


@pytest.fixture
def people(product: Product, digest: MailingList) -> None:
    """Alice wants all, Bob one category, Carol is not confirmed, Dave gets round-ups, Erin wants nothing there is."""
    with product.database.write() as session:
        a_reader(session, digest, email="alice@example.com", sections="*", categories="*")
        a_reader(session, digest, email="bob@example.com", sections="policy", categories="로봇")
        a_reader(session, digest, email="carol@example.com", sections="*", categories="*", is_confirmed=False)
        a_reader(session, digest, email="dave@example.com", sections="*", categories="*", cadence=Cadence.MONTHLY)
        a_reader(session, digest, email="erin@example.com", sections="clipping", categories="양자")


def created(product: Product, key: str, at: str | None = None) -> int:
    campaign = campaigns.create(product, NewCampaign(key, at=at))
    assert campaign.id is not None
    return campaign.id


def state(product: Product, campaign_id: int) -> CampaignState:
    with product.database.read() as session:
        return store.find(session, campaign_id).state


@pytest.mark.usefixtures("people")
def test_every_candidate_has_a_delivery_or_a_reason(product: Product, bring_in: BringIn) -> None:
    planned = plan(product, created(product, bring_in(ISSUE)))
    assert planned.frozen.candidates == 5
    assert planned.frozen.deliveries == 2
    assert dict(planned.frozen.excluded) == {"unconfirmed": 1, "cadence": 1, "nothing-matched": 1}
    assert planned.variants == 2


def test_a_list_without_readers_is_planned_and_finished(product: Product, bring_in: BringIn) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    planned = plan(product, campaign_id)
    assert (planned.frozen.candidates, planned.frozen.deliveries, planned.variants) == (0, 0, 0)
    campaigns.start(product, campaign_id)
    sending.send_until_idle(product, campaign_id)
    assert state(product, campaign_id) is CampaignState.FINISHED
    assert campaigns.status(product, campaign_id).sums.closes


@pytest.mark.parametrize("subject", ["가" * 401, "줄\u0000"])
def test_a_subject_that_cannot_be_kept_is_refused(product: Product, bring_in: BringIn, subject: str) -> None:
    with pytest.raises(InputError, match="at most 400 printable characters"):
        campaigns.create(product, NewCampaign(bring_in(ISSUE), subject=subject))


def test_an_own_subject_is_one_line_and_a_blank_one_is_none(product: Product, bring_in: BringIn) -> None:
    key = bring_in(ISSUE)
    assert campaigns.create(product, NewCampaign(key, subject=" 9월의\n기술 ")).subject == "9월의 기술"
    assert campaigns.create(product, NewCampaign(key, subject="  ", is_repeat=True)).subject is None


@pytest.mark.usefixtures("people")
def test_a_plan_is_made_once_and_waits_for_a_person(product: Product, bring_in: BringIn) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    plan(product, campaign_id)
    assert state(product, campaign_id) is CampaignState.PAUSED
    with pytest.raises(StateError, match="can't become freezing"):
        plan(product, campaign_id)


@pytest.mark.usefixtures("people")
def test_sending_gives_each_reader_one_mail_and_finishes(
    product: Product, bring_in: BringIn, transport: MemoryTransport
) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    campaigns.start(product, campaign_id)
    sending.send_until_idle(product, campaign_id)
    mailed = sorted(one.email for message in transport.accepted for one in message.recipients)
    assert mailed == ["alice@example.com", "bob@example.com"]
    found = campaigns.status_json(campaigns.status(product, campaign_id))
    assert (found["state"], found["closes"], found["requests"]) == ("finished", True, 2)
    assert campaigns.that_do_not_close(product) == []


@pytest.mark.usefixtures("people")
def test_a_failed_plan_leaves_nothing_and_can_be_repeated(product: Product, bring_in: BringIn) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    small = replace(product, settings=product.settings.model_copy(update={"html_budget": -1}))

    def stumble(what: str, _done: int, _total: int) -> None:
        if what == "freezing":
            raise RuntimeError("the power fails")

    with pytest.raises(RuntimeError):
        plan(small, campaign_id, stumble)
    assert state(product, campaign_id) is CampaignState.SCHEDULED
    assert plan(product, campaign_id).frozen.deliveries == 2


@pytest.mark.usefixtures("people")
def test_items_over_the_byte_budget_become_lines_and_the_plan_says_so(product: Product, bring_in: BringIn) -> None:
    tight = replace(product, settings=product.settings.model_copy(update={"html_budget": 10_000}))
    assert plan(tight, created(product, bring_in(ISSUE))).shortened["제목 clipping 1"] > 0


def variants_of(product: Product, campaign_id: int) -> list[tuple[int, int, int, list[tuple[str, str]]]]:
    """(in full, as lines, shortened, the ledger of items) of each variant."""
    with product.database.read() as session:
        found = []
        for one in session.exec(select(Variant).where(Variant.campaign_id == campaign_id).order_by(col(Variant.id))):
            ledger = session.exec(
                select(ItemVersion.item_id, VariantItem.form)
                .join(VariantItem, col(VariantItem.item_version_id) == col(ItemVersion.id))
                .where(VariantItem.variant_id == one.id)
                .order_by(col(VariantItem.ordinal))
            ).all()
            found.append((one.full_count, one.line_count, one.shortened_count, [(item, form) for item, form in ledger]))
        return found


@pytest.mark.usefixtures("people")
def test_the_item_ledger_holds_what_each_variant_shows_in_its_order(product: Product, bring_in: BringIn) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    plan(product, campaign_id)
    everything = [(item.id, "full") for item in ISSUE.items]
    bobs = [("policy-2", "full"), ("policy-1", "line")]
    assert sorted(variants_of(product, campaign_id)) == [(1, 1, 0, bobs), (4, 0, 0, everything)]


@pytest.mark.usefixtures("people")
def test_a_shortened_variant_says_by_how_much(product: Product, bring_in: BringIn) -> None:
    tight = replace(product, settings=product.settings.model_copy(update={"html_budget": 10_000}))
    campaign_id = created(tight, bring_in(ISSUE))
    plan(tight, campaign_id)
    assert sorted(found[:3] for found in variants_of(product, campaign_id)) == [(0, 2, 1), (0, 4, 4)]


@pytest.mark.usefixtures("people")
def test_coverage_before_planning_is_what_the_plan_then_does(product: Product, bring_in: BringIn) -> None:
    found = coverage(product, bring_in(ISSUE))
    assert (found.readers, found.nothing_matched) == (3, 1)
    assert {row.id: (row.full, row.line) for row in found.items} == {
        "issue-focus-1": (1, 0),
        "policy-1": (1, 1),
        "policy-2": (2, 0),
        "clipping-1": (1, 0),
    }


def test_a_draft_is_not_sent(product: Product, digest: MailingList, tmp_path: Path) -> None:
    path = tmp_path / "issue.json"
    path.write_bytes(dump(ISSUE))
    issues.import_issue(product, path, digest.slug)
    with pytest.raises(StateError, match="issue ready 2026-18"):
        created(product, "2026-18")


def test_an_issue_is_sent_once_unless_somebody_says_again(product: Product, bring_in: BringIn) -> None:
    key = bring_in(ISSUE)
    first = created(product, key)
    with pytest.raises(StateError, match=f"already has campaign {first}"):
        created(product, key)
    assert campaigns.create(product, NewCampaign(key, is_repeat=True)).id != first


def test_a_cancelled_campaign_frees_its_occurrence(product: Product, bring_in: BringIn) -> None:
    key = bring_in(ISSUE)
    for _ in range(2):
        campaigns.cancel(product, created(product, key, at="2026-10-01T09:00"))
    assert state(product, created(product, key, at="2026-10-01T09:00")) is CampaignState.SCHEDULED


def test_two_campaigns_never_claim_the_same_occurrence(product: Product, bring_in: BringIn) -> None:
    created(product, bring_in(ISSUE), at="2026-10-01T09:00")
    other = bring_in(replace(ISSUE, number=19))
    with pytest.raises(StateError, match="2026-10-01T09:00"):
        created(product, other, at="2026-10-01T09:00+09:00")


@pytest.mark.usefixtures("people")
def test_the_clock_starts_a_timed_campaign_when_its_time_has_come(
    product: Product, bring_in: BringIn, clock: SteppedClock
) -> None:
    at = (clock.now() + timedelta(hours=1)).isoformat()
    campaign_id = created(product, bring_in(ISSUE), at=at)
    run_job(product, "start-due-campaigns")
    assert state(product, campaign_id) is CampaignState.SCHEDULED
    clock.advance(timedelta(hours=1))
    assert run_job(product, "start-due-campaigns") == "1 campaigns started"
    assert state(product, campaign_id) is CampaignState.SENDING
    assert run_job(product, "start-due-campaigns") == "0 campaigns started"


def test_the_clock_leaves_a_manual_campaign_to_people(product: Product, bring_in: BringIn, clock: SteppedClock) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    clock.advance(timedelta(days=1))
    run_job(product, "start-due-campaigns")
    assert state(product, campaign_id) is CampaignState.SCHEDULED


def test_an_unknown_job_is_named_with_those_there_are(product: Product) -> None:
    with pytest.raises(NotFound, match="apply-events"):
        run_job(product, "sweep")


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "09:00"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a time"):
        campaigns.moment(text, "Asia/Seoul")


@pytest.mark.usefixtures("people")
def test_a_paused_campaign_sends_nothing_until_it_is_resumed(
    product: Product, bring_in: BringIn, transport: MemoryTransport
) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    campaigns.start(product, campaign_id)
    campaigns.pause(product, campaign_id)
    sending.send_until_idle(product, campaign_id)
    assert transport.seen == []
    campaigns.resume(product, campaign_id)
    sending.send_until_idle(product, campaign_id)
    assert len(transport.accepted) == 2


@pytest.mark.usefixtures("people")
def test_a_cancelled_campaign_never_sends(product: Product, bring_in: BringIn, transport: MemoryTransport) -> None:
    campaign_id = created(product, bring_in(ISSUE))
    plan(product, campaign_id)
    campaigns.cancel(product, campaign_id)
    sending.send_until_idle(product, campaign_id)
    assert transport.seen == []
    with pytest.raises(StateError, match="nothing to send"):
        campaigns.start(product, campaign_id)
    sums = campaigns.status(product, campaign_id).sums
    assert sums.closes
    assert sums.unsettled == 0


def test_open_suggestions_keep_an_issue_a_draft(product: Product, digest: MailingList, tmp_path: Path) -> None:
    item = replace(ISSUE.items[0], categories=(), suggested_categories=("반도체",))
    path = tmp_path / "issue.json"
    path.write_bytes(dump(replace(ISSUE, items=(item,))))
    assert issues.import_issue(product, path, digest.slug).open_points
    with pytest.raises(StateError, match="--accept-suggestions"):
        issues.make_ready(product, "2026-18", Readying())
    with pytest.raises(InputError, match="not both"):
        issues.make_ready(product, "2026-18", Readying(accept_suggestions=True, without_suggestions=True))
    ready = issues.make_ready(product, "2026-18", Readying(accept_suggestions=True))
    assert ready.stored.content.items[0].categories == ("반도체",)


def test_a_category_met_first_in_an_issue_is_proposed_not_created(
    product: Product, digest: MailingList, tmp_path: Path
) -> None:
    item = replace(ISSUE.items[3], categories=("심해",))
    path = tmp_path / "issue.json"
    path.write_bytes(dump(replace(ISSUE, items=(item,))))
    (point,) = issues.import_issue(product, path, digest.slug).open_points
    assert "심해" in point.what
    with pytest.raises(StateError, match="--accept-new"):
        issues.make_ready(product, "2026-18", Readying())
    assert issues.make_ready(product, "2026-18", Readying(accept_new=True)).open_points == ()


def test_a_campaign_that_does_not_exist_is_named(product: Product) -> None:
    with pytest.raises(NotFound, match="campaign 7"):
        campaigns.status(product, 7)


def test_the_occurrence_of_a_timed_campaign_is_local_wall_time(product: Product, bring_in: BringIn) -> None:
    campaign_id = created(product, bring_in(ISSUE), at="2026-10-01T00:00+00:00")
    with product.database.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
    assert (campaign.schedule, campaign.occurrence) == ("at:digest", "2026-10-01T09:00")


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59-12:00"])
def test_a_time_out_of_all_proportion_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="too far from now"):
        campaigns.moment(text, "Asia/Seoul")
