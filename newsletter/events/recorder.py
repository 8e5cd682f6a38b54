"""Record events once: in any order, however often they come, in however many posts (I5).

An event's key is its natural identity: delivery, kind, moment, link, attempt number, reason, and what its client said.
The provider's own id is no part of it, since repeats were seen to come under new ids. Everything stored follows from
the set of keys: facts are minimum, maximum and count, and verdicts on hits are made anew from all hits of a delivery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col

from newsletter.delivery import ledger
from newsletter.events import facts, hits
from newsletter.events.applied import Applied
from newsletter.events.effects import take_effect
from newsletter.events.models import Event
from newsletter.events.readers import Reader, by_address, by_delivery
from newsletter.events.vocabulary import ENDINGS, HITS, EventKind, HitClass, ProviderEvent
from newsletter.kit.faults import fp

MEMORY = timedelta(days=30)
"""How long repeats are told; an older event is refused, since it might be one."""


@dataclass(frozen=True, slots=True)
class _Known:
    """An event with the person it is about."""

    key: str
    event: ProviderEvent
    reader: Reader


def record(session: Session, events: Sequence[ProviderEvent], received_at: datetime) -> Applied:
    """Apply events inside the caller's transaction; what it counts adds up to their number."""
    timely = [event for event in events if event.occurred_at >= received_at - MEMORY]
    known, unknown, unmeasured = _sorted_out(session, timely)
    once = {one.key: one for one in known}
    new_keys = _insert(session, [once[key] for key in sorted(once)], received_at)
    new = [once[key] for key in sorted(new_keys)]
    facts.add(session, (_occurrence(one) for one in new if one.event.delivery and one.event.kind not in HITS))
    fp("19")
    hits.rejudge(session, _to_rejudge(new))
    _report_evidence(session, timely, received_at)
    for one in sorted(new, key=lambda one: (one.reader.subscriber_id, one.key)):
        take_effect(session, one.event, one.reader, received_at)
    return Applied(
        events=len(events),
        new=len(new),
        repeated=len(known) - len(new),
        unknown=unknown,
        unmeasured=unmeasured,
        late=len(events) - len(timely),
    )


def _sorted_out(session: Session, events: Sequence[ProviderEvent]) -> tuple[list[_Known], int, int]:
    """Those about people we know and may follow, the number about nobody, and the number not to be followed."""
    guarded = {event.delivery for event in events if event.delivery and event.kind in {*HITS, *ENDINGS}}
    others = {event.delivery for event in events if event.delivery} - guarded
    readers = by_delivery(session, guarded, locked=True) | by_delivery(session, others)
    addressed = by_address(session, {event.email for event in events if event.email and _by_address(event)})
    known: list[_Known] = []
    unknown = unmeasured = 0
    for event in events:
        reader = _reader(event, readers, addressed)
        if reader is None:
            unknown += 1
        elif event.kind in HITS and not reader.is_measured:
            unmeasured += 1
        else:
            known.append(_Known(_key(event, reader), event, reader))
    return known, unknown, unmeasured


def _by_address(event: ProviderEvent) -> bool:
    return event.delivery is None and event.kind in ENDINGS


def _reader(
    event: ProviderEvent, readers: Mapping[tuple[int, int], Reader], addressed: Mapping[str, Reader]
) -> Reader | None:
    if event.delivery is not None:
        return readers.get(event.delivery)
    return addressed.get(event.email or "") if _by_address(event) else None


def _key(event: ProviderEvent, reader: Reader) -> str:
    """The natural identity, as 48 hexadecimal digits. It holds no address: a person is named by number."""
    whose = f"d{event.delivery[0]}-{event.delivery[1]}" if event.delivery else f"s{reader.subscriber_id}"
    link = event.url if event.target is None else f"#{event.target}"
    parts = (whose, event.kind, str(int(event.occurred_at.timestamp())), link, event.attempt, event.reason)
    text = "\0".join((*parts, event.signal, event.bounce or ""))
    return hashlib.blake2b(text.encode(), digest_size=24).hexdigest()


def _insert(session: Session, known: Sequence[_Known], received_at: datetime) -> set[str]:
    """Store those not known yet, in key order, and say which they were."""
    if not known:
        return set()
    statement = facts.dialect_insert(session, Event).on_conflict_do_nothing().returning(col(Event.key))
    return set(session.scalars(statement, [_row(one, received_at) for one in known]))


def _row(one: _Known, received_at: datetime) -> dict[str, object]:
    event = one.event
    campaign_id, position = event.delivery or (None, None)
    return {
        "key": one.key,
        "kind": event.kind,
        "campaign_id": campaign_id,
        "position": position,
        "occurred_at": event.occurred_at,
        "received_at": received_at,
        "signal": event.signal if event.kind in HITS else None,
        "target": event.target,
        "bounce_class": event.bounce,
        "detail": event.reason or None,
    }


def _occurrence(one: _Known) -> facts.Occurrence:
    assert one.event.delivery is not None
    return facts.Occurrence(one.event.delivery, one.event.kind, HitClass.NONE, one.event.occurred_at)


def _to_rejudge(new: Sequence[_Known]) -> set[tuple[int, int]]:
    """Deliveries with a new hit, or whose moment of delivery became known and may tell a hit too soon."""
    return {
        one.event.delivery
        for one in new
        if one.event.delivery
        and (one.event.kind in HITS or (one.event.kind is EventKind.DELIVERED and one.reader.is_measured))
    }


def _report_evidence(session: Session, events: Sequence[ProviderEvent], now: datetime) -> None:
    """Any event that carries an attempt's id proves that its request was accepted."""
    kinds = {event.attempt_id: event.kind for event in events if event.attempt_id}
    for attempt_id in sorted(kinds):
        ledger.evidence(session, attempt_id, now, f"event:{kinds[attempt_id]}")
