"""What is known of a delivery, kept so that order and repeats change nothing: the earliest, the latest, the number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col

from newsletter.events.models import Fact
from newsletter.events.vocabulary import EventKind, HitClass


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One new event of one delivery, as a fact sees it."""

    delivery: tuple[int, int]
    kind: EventKind
    hit_class: HitClass
    at: datetime


def add(session: Session, occurrences: Iterable[Occurrence]) -> None:
    """Add new events to the facts. Rows go in one order that every writer shares, lest PostgreSQL deadlock."""
    rows = [_row(key, moments) for key, moments in sorted(_grouped(occurrences).items())]
    if not rows:
        return
    insert = dialect_insert(session, Fact)
    smaller, larger = _extremes(session)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["campaign_id", "position", "kind", "hit_class"],
            set_={
                "first_at": smaller(col(Fact.first_at), insert.excluded.first_at),
                "last_at": larger(col(Fact.last_at), insert.excluded.last_at),
                "count": col(Fact.count) + insert.excluded.count,
            },
        ),
        rows,
    )


def dialect_insert(session: Session, table: type[SQLModel]) -> Any:  # noqa: ANN401 -- two dialects' own classes
    """The INSERT that knows ON CONFLICT, on the bare table: thousands of rows need no objects."""
    bare = SQLModel.metadata.tables[str(table.__tablename__)]
    return sqlite.insert(bare) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(bare)


def _extremes(session: Session) -> tuple[Any, Any]:
    """The smaller and the larger of two values: SQLite's names for them are others than PostgreSQL's."""
    return (func.min, func.max) if session.get_bind().dialect.name == "sqlite" else (func.least, func.greatest)


def _grouped(occurrences: Iterable[Occurrence]) -> dict[tuple[int, int, str, str], list[datetime]]:
    grouped: dict[tuple[int, int, str, str], list[datetime]] = {}
    for one in occurrences:
        grouped.setdefault((*one.delivery, one.kind, one.hit_class), []).append(one.at)
    return grouped


def _row(key: tuple[int, int, str, str], moments: Sequence[datetime]) -> dict[str, object]:
    campaign_id, position, kind, hit_class = key
    return {
        "campaign_id": campaign_id,
        "position": position,
        "kind": EventKind(kind),
        "hit_class": HitClass(hit_class),
        "first_at": min(moments),
        "last_at": max(moments),
        "count": len(moments),
    }
