"""What became of a campaign, as one value.

Three kinds of *open* stand side by side and are never added up: loads of the shared image (nobody knows whose, proxies
hide some), people among the readers who agreed to be measured, and machines among the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session

from newsletter.analytics import queries
from newsletter.analytics.queries import Carried
from newsletter.delivery import ledger
from newsletter.delivery.states import BatchState
from newsletter.events.judgement import MACHINES, PEOPLE
from newsletter.events.vocabulary import EventKind, HitClass
from subscribers.models import Tracking
from subscribers.store import choices

Row = tuple[str, str, int | str, int | str]
HEAD: Row = ("group", "name", "count", "of")


@dataclass(frozen=True, slots=True)
class Sending:
    """Who was meant, who was left out and why, and what the provider took. Counted in readers."""

    candidates: int
    deliveries: int
    excluded_at_freeze: Mapping[str, int]
    excluded_at_send: Mapping[str, int]
    accepted: int
    by_state: Mapping[str, int]
    variants: int
    requests: int
    sums_close: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the mailbox hosts did, in deliveries. One delivery may be deferred, delivered and bounced later."""

    delivered: int
    deferred: int
    bounced: int
    bounced_by_class: Mapping[str, int]
    blocked: int
    dropped: int
    spam_reports: int
    unsubscribes: int


@dataclass(frozen=True, slots=True)
class Opens:
    """Three numbers that are not to be added. `people` and `machines` are deliveries of the `measured` readers."""

    loads: int
    loads_of: int
    """Readers whose mail held the shared image."""
    people: int
    machines: int
    suspects: int
    measured: int


@dataclass(frozen=True, slots=True)
class Clicks:
    """Clicks on one item, one section or one category, by people among the measured."""

    name: str
    title: str
    people: int
    clicks: int


@dataclass(frozen=True, slots=True)
class Report:
    """One campaign at one moment."""

    campaign: int
    mailing_list: str
    issues: tuple[str, ...]
    state: str
    starts_at: str
    sending: Sending
    outcome: Outcome
    opens: Opens
    clicked_people: int
    clicked_machines: int
    items: tuple[Clicks, ...]
    sections: tuple[Clicks, ...]
    categories: tuple[Clicks, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    def rows(self) -> list[Row]:
        """A head and one line per figure; `of` is what the figure is a part of, or empty."""
        return [HEAD, *_sending_rows(self.sending), *_outcome_rows(self), *_hit_rows(self)]


def report(session: Session, campaign_id: int) -> Report:
    """Count a campaign afresh. Raises `NotFound`."""
    campaign, mailing_list = queries.campaign(session, campaign_id)
    issues = queries.contents(session, campaign_id)
    items = queries.carried(issues)
    titles = {section.key: section.title for content in issues for section in content.sections}
    count = _counter(session, campaign_id)
    known = choices(session, campaign.list_id).category_aliases
    return Report(
        campaign=campaign_id,
        mailing_list=mailing_list.slug,
        issues=tuple(content.key for content in issues),
        state=campaign.state,
        starts_at=campaign.starts_at.isoformat(),
        sending=_sending(session, campaign_id),
        outcome=_outcome(session, campaign_id),
        opens=_opens(session, campaign_id),
        clicked_people=queries.hit_by(session, campaign_id, EventKind.CLICK, PEOPLE),
        clicked_machines=queries.hit_by(session, campaign_id, EventKind.CLICK, MACHINES),
        items=tuple(count(one.item.id, one.item.title, [one]) for one in items),
        sections=tuple(count(key, titles[key], group) for key, group in _grouped(items, _section).items()),
        categories=tuple(count(key, key, group) for key, group in _grouped(items, _categories(known)).items()),
    )


def _sending(session: Session, campaign_id: int) -> Sending:
    sums = ledger.sums(session, campaign_id)
    return Sending(
        candidates=sums.candidates,
        deliveries=sums.deliveries,
        excluded_at_freeze=dict(sums.freeze_exclusions),
        excluded_at_send=dict(sums.send_exclusions),
        accepted=sums.deliveries_by_state.get(BatchState.ACCEPTED, 0),
        by_state={str(state): count for state, count in sums.deliveries_by_state.items()},
        variants=queries.variant_count(session, campaign_id),
        requests=sums.requests,
        sums_close=sums.closes,
    )


def _outcome(session: Session, campaign_id: int) -> Outcome:
    found = queries.deliveries_with(session, campaign_id)
    return Outcome(
        delivered=found.get(EventKind.DELIVERED, 0),
        deferred=found.get(EventKind.DEFERRED, 0),
        bounced=found.get(EventKind.BOUNCE, 0),
        bounced_by_class={str(kind): count for kind, count in queries.bounces(session, campaign_id).items()},
        blocked=found.get(EventKind.BLOCKED, 0),
        dropped=found.get(EventKind.DROPPED, 0),
        spam_reports=found.get(EventKind.SPAM_REPORT, 0),
        unsubscribes=found.get(EventKind.UNSUBSCRIBE, 0),
    )


def _opens(session: Session, campaign_id: int) -> Opens:
    tracked = queries.by_tracking(session, campaign_id)
    return Opens(
        loads=queries.loads(session, campaign_id),
        loads_of=tracked.get(Tracking.AGGREGATE, 0),
        people=queries.hit_by(session, campaign_id, EventKind.OPEN, PEOPLE),
        machines=queries.hit_by(session, campaign_id, EventKind.OPEN, MACHINES),
        suspects=queries.hit_by(session, campaign_id, EventKind.OPEN, {HitClass.SUSPECT}),
        measured=tracked.get(Tracking.INDIVIDUAL, 0),
    )


def _counter(session: Session, campaign_id: int) -> Callable[[str, str, Iterable[Carried]], Clicks]:
    def count(name: str, title: str, group: Iterable[Carried]) -> Clicks:
        return Clicks(name, title, *queries.clicked(session, campaign_id, [one.number for one in group], PEOPLE))

    return count


def _section(one: Carried) -> tuple[str, ...]:
    return (one.item.section,)


def _categories(aliases: Mapping[str, str]) -> Callable[[Carried], tuple[str, ...]]:
    """Under the list's own key, whichever of its names the issue printed."""
    return lambda one: tuple(dict.fromkeys(aliases.get(name, name) for name in one.item.categories))


def _grouped(items: Iterable[Carried], keys: Callable[[Carried], tuple[str, ...]]) -> dict[str, list[Carried]]:
    groups: dict[str, list[Carried]] = {}
    for one in items:
        for key in keys(one):
            groups.setdefault(key, []).append(one)
    return groups


def _sending_rows(sending: Sending) -> list[Row]:
    return [
        ("sending", "candidates", sending.candidates, ""),
        *(
            ("excluded at freeze", reason, count, sending.candidates)
            for reason, count in sorted(sending.excluded_at_freeze.items())
        ),
        ("sending", "deliveries", sending.deliveries, sending.candidates),
        *(
            ("excluded at send", reason, count, sending.deliveries)
            for reason, count in sorted(sending.excluded_at_send.items())
        ),
        *(("state", state, count, sending.deliveries) for state, count in sorted(sending.by_state.items())),
        ("sending", "variants", sending.variants, ""),
        ("sending", "requests", sending.requests, ""),
    ]


def _outcome_rows(found: Report) -> list[Row]:
    outcome, accepted = found.outcome, found.sending.accepted
    single = ("delivered", "deferred", "bounced", "blocked", "dropped", "spam_reports", "unsubscribes")
    return [
        *(("outcome", name.replace("_", " "), getattr(outcome, name), accepted) for name in single),
        *(("bounced", name, count, outcome.bounced) for name, count in sorted(outcome.bounced_by_class.items())),
    ]


def _hit_rows(found: Report) -> list[Row]:
    opens = found.opens
    groups = (("clicks by item", found.items), ("clicks by section", found.sections))
    return [
        ("opens", "image loads", opens.loads, opens.loads_of),
        ("opens", "people", opens.people, opens.measured),
        ("opens", "machines", opens.machines, opens.measured),
        ("opens", "suspects", opens.suspects, opens.measured),
        ("clicks", "people", found.clicked_people, opens.measured),
        ("clicks", "machines", found.clicked_machines, opens.measured),
        *(
            (group, one.title, one.people, opens.measured)
            for group, ones in (*groups, ("clicks by category", found.categories))
            for one in ones
        ),
    ]
