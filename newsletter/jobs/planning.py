"""Plan a campaign: decide, render, freeze, in one transaction. Afterwards nothing about it depends on the audience."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select as sql
from sqlmodel import Session, select

from newsletter.campaigns import store as campaigns
from newsletter.campaigns.models import Campaign
from newsletter.campaigns.planner import Decision, Demand, decide, not_before
from newsletter.campaigns.states import CampaignState
from newsletter.campaigns.store import Words
from newsletter.campaigns.variants import variant_key
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Frozen
from newsletter.issues import store as issues
from newsletter.issues.content import Placement
from newsletter.issues.content_json import item_digest
from newsletter.jobs import looks
from newsletter.jobs.looks import Mailing
from newsletter.jobs.product import Product, Progress, silent
from newsletter.rendering.look import Language, Tracking
from newsletter.rendering.renderer import Renderer
from subscribers import audience
from subscribers.models import Cadence, MailingList, Selection
from subscribers.selections import Wishes
from subscribers.store import wishes_of

CADENCES = (Cadence.EACH,)
"""Whom a single issue goes to; readers of round-ups get those."""
PLANNED = "planned; `newsletter campaign send` starts it"


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan came to: N readers → V variants → R requests."""

    campaign_id: int
    frozen: Frozen
    variants: int
    shortened: Mapping[str, int]
    """Items that became lines to keep the byte budget: title → in how many variants."""


def plan(product: Product, campaign_id: int, progress: Progress = silent) -> Planned:
    """Freeze a scheduled campaign; it stays paused until `resume`. Raises `StateError` if it was planned before."""
    with product.database.write() as session:
        campaign = campaigns.find(session, campaign_id)
        campaigns.move(session, campaign, CampaignState.FREEZING)
        planned = _Planning(session, product, campaign, progress).run()
        campaigns.move(session, campaign, CampaignState.PAUSED, PLANNED)
        return planned


class _Planning:
    """One planning transaction and what its steps share."""

    def __init__(self, session: Session, product: Product, campaign: Campaign, progress: Progress) -> None:
        assert campaign.id is not None
        self.session, self.product, self.campaign, self.progress = session, product, campaign, progress
        self.campaign_id = campaign.id
        self.list = session.get_one(MailingList, campaign.list_id)
        (version_id,) = campaigns.issue_version_ids(session, campaign.id)
        self.stored = issues.load_version(session, version_id)
        self.mailing = Mailing(self.list, self.stored.content, campaign.ref, campaign.nonce, campaign.subject)
        self.audience = audience.candidates(self.list, CADENCES, product.clock.now()).subquery()
        self.renderers: dict[tuple[str, str], Renderer] = {}

    def run(self) -> Planned:
        demands = self._demands()
        naming = looks.naming(looks.list_choices(self.session, self.list))
        self.progress("choosing", 0, len(demands))
        decisions = decide(self.stored.content, demands, naming, self._fit)
        self.progress("choosing", len(demands), len(demands))
        words = self._render(decisions)
        ids = issues.item_version_ids(self.session, self.stored)
        variants = campaigns.save_plan(self.session, self.campaign, decisions, words, ids)
        campaigns.save_waves(self.session, self.campaign_id, self._waves())
        self.progress("freezing", 0, 1)
        frozen = self._freeze()
        self.progress("freezing", 1, 1)
        return Planned(self.campaign_id, frozen, variants, self._shortened(decisions))

    def _shortened(self, decisions: Sequence[Decision]) -> Counter[str]:
        drafts = {id(d.draft): d.draft for d in decisions if d.draft is not None}
        titles = {item.id: item.title for item in self.stored.content.items}
        return Counter(titles[item] for draft in drafts.values() for item in draft.shortened)

    def _freeze(self) -> Frozen:
        transport = self.product.open_transport()
        try:
            now, most = self.product.clock.now(), transport.max_recipients
            return ledger.freeze(self.session, self.campaign, self.list, CADENCES, now, max_recipients=most)
        finally:
            transport.close()

    def _demands(self) -> list[Demand]:
        """The distinct (selection, language, tracking) among those who may get this mail."""
        who = self.audience.c
        query = sql(who.selection_id, who.language, who.tracking).where(who.reason.is_(None)).distinct()
        rows = self.session.execute(query.order_by(who.selection_id, who.language, who.tracking)).all()
        wishes = self._wishes()
        return [Demand(selection, wishes[selection], language, str(tracking)) for selection, language, tracking in rows]

    def _wishes(self) -> dict[int, Wishes]:
        rows = self.session.exec(select(Selection).where(Selection.list_id == self.list.id)).all()
        return {row.id: wishes_of(row) for row in rows if row.id is not None}

    def _renderer(self, language: str, tracking: str) -> Renderer:
        key = (language, tracking)
        if key not in self.renderers:
            look = looks.look(self.session, self.product, self.mailing, as_language(language), as_tracking(tracking))
            self.renderers[key] = Renderer(self.stored.content, look)
        return self.renderers[key]

    def _fit(
        self, language: str, tracking: str, placements: tuple[Placement, ...]
    ) -> tuple[tuple[Placement, ...], tuple[str, ...]]:
        return self._renderer(language, tracking).fit(placements, self.product.settings.html_budget)

    def _render(self, decisions: Sequence[Decision]) -> dict[tuple[tuple[Placement, ...], str, str], Words]:
        drafts = {(d.draft.placements, d.draft.language, d.draft.tracking) for d in decisions if d.draft is not None}
        digests = {item.id: item_digest(item) for item in self.stored.content.items}
        words = {}
        for done, (placements, language, tracking) in enumerate(sorted(drafts, key=repr), 1):
            renderer = self._renderer(language, tracking)
            rendered = renderer.variant(placements)
            is_advertising = renderer.look.advertising
            words[placements, language, tracking] = Words(
                key=variant_key(
                    [(digests[placement.item], placement.form) for placement in placements],
                    language=language,
                    tracking=tracking,
                    is_advertising=is_advertising,
                    template_hash=renderer.template_hash,
                    subject=rendered.subject,
                ),
                is_advertising=is_advertising,
                template_hash=renderer.template_hash,
                subject=rendered.subject,
                preheader=rendered.preheader,
                html=rendered.html,
                text=rendered.text,
            )
            self.progress("rendering", done, len(drafts))
        return words

    def _waves(self) -> list[tuple[str, int, datetime]]:
        who = self.audience.c
        query = sql(who.time_zone, who.send_hour).where(who.reason.is_(None)).distinct()
        return [
            (zone, hour, not_before(self.campaign.starts_at, zone, hour, self.campaign.local_hour))
            for zone, hour in self.session.execute(query.order_by(who.time_zone, who.send_hour)).all()
        ]


def as_language(text: str) -> Language:
    """A subscription's language as one that emails are written in; anything else reads English."""
    return "ko" if text == "ko" else "en"


def as_tracking(text: str) -> Tracking:
    """A subscription's tracking choice; an unknown one follows nobody."""
    return "individual" if text == "individual" else "aggregate" if text == "aggregate" else "none"
