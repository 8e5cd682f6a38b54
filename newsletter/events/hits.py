"""Judge all hits of a delivery together, each time one comes: the verdicts depend on the set, not on the order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlmodel import Session, col

from newsletter.delivery.models import Delivery as Sent
from newsletter.events import facts
from newsletter.events.judgement import RULES_VERSION, Hit, Verdict, judge
from newsletter.events.models import Event, Fact
from newsletter.events.vocabulary import HITS, EventKind, HitClass, Signal

_CHUNK = 300
Delivery = tuple[int, int]


def rejudge(session: Session, deliveries: Collection[Delivery]) -> None:
    """Give the hits of these deliveries their verdicts, and write their facts anew."""
    ordered = sorted(deliveries)
    for start in range(0, len(ordered), _CHUNK):
        _rejudge(session, ordered[start : start + _CHUNK])


def forget(session: Session, subscription_id: int) -> None:
    """Drop the hits of a reader who leaves: to leave is to withdraw the consent they were kept by.

    It also makes the end the same whichever came first, the leaving or the hit.
    """
    theirs = select(col(Sent.campaign_id), col(Sent.position)).where(col(Sent.subscription_id) == subscription_id)
    for table in (Event, Fact):
        session.execute(
            delete(table).where(
                tuple_(col(table.campaign_id), col(table.position)).in_(theirs), col(table.kind).in_(list(HITS))
            )
        )


def _rejudge(session: Session, deliveries: Collection[Delivery]) -> None:
    stored = _stored(session, deliveries)
    delivered = _delivered(session, deliveries)
    session.execute(
        delete(Fact).where(
            tuple_(col(Fact.campaign_id), col(Fact.position)).in_(deliveries), col(Fact.kind).in_(list(HITS))
        )
    )
    occurrences: list[facts.Occurrence] = []
    changed: list[dict[str, Any]] = []
    for delivery, hits in stored.items():
        verdicts = judge([hit for hit, _ in hits], delivered.get(delivery))
        changed += _changes(hits, verdicts)
        occurrences += [facts.Occurrence(delivery, hit.kind, verdicts[hit.key].hit_class, hit.at) for hit, _ in hits]
    if changed:
        session.execute(update(Event), sorted(changed, key=lambda row: str(row["key"])))
    facts.add(session, occurrences)


def _changes(
    hits: Collection[tuple[Hit, tuple[HitClass | None, str | None]]], verdicts: Mapping[str, Verdict]
) -> list[dict[str, Any]]:
    return [
        {
            "key": hit.key,
            "hit_class": verdicts[hit.key].hit_class,
            "hit_reason": verdicts[hit.key].reason,
            "rules_version": RULES_VERSION,
        }
        for hit, known in hits
        if known != (verdicts[hit.key].hit_class, verdicts[hit.key].reason)
    ]


def _stored(
    session: Session, deliveries: Collection[Delivery]
) -> dict[Delivery, list[tuple[Hit, tuple[HitClass | None, str | None]]]]:
    query = select(
        col(Event.campaign_id),
        col(Event.position),
        col(Event.key),
        col(Event.kind),
        col(Event.occurred_at),
        col(Event.signal),
        col(Event.target),
        col(Event.hit_class),
        col(Event.hit_reason),
    ).where(tuple_(col(Event.campaign_id), col(Event.position)).in_(deliveries), col(Event.kind).in_(list(HITS)))
    found: dict[Delivery, list[tuple[Hit, tuple[HitClass | None, str | None]]]] = defaultdict(list)
    for campaign_id, position, key, kind, at, signal, target, hit_class, reason in session.execute(query):
        hit = Hit(key, EventKind(kind), at, signal or Signal.PLAIN, "" if target is None else str(target))
        found[int(campaign_id or 0), int(position or 0)].append((hit, (hit_class, reason)))
    return found


def _delivered(session: Session, deliveries: Collection[Delivery]) -> dict[Delivery, datetime]:
    query = select(col(Fact.campaign_id), col(Fact.position), col(Fact.first_at)).where(
        tuple_(col(Fact.campaign_id), col(Fact.position)).in_(deliveries), col(Fact.kind) == EventKind.DELIVERED
    )
    return {(campaign_id, position): at for campaign_id, position, at in session.execute(query)}
