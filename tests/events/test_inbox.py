from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import func, update
from sqlmodel import col, select

from newsletter.db import Database
from newsletter.events.applied import Applied
from newsletter.events.inbox import MAX_FAILURES, SENDGRID, apply_waiting, store
from newsletter.events.models import Event, Fact, InboxPost, Quarantine
from newsletter.events.vocabulary import EventKind
from newsletter.kit.clock import SteppedClock
from tests.events.test_sendgrid import bad_events
from tests.events.world import ATTEMPT, SENT_AT, World, a_world


@pytest.fixture
def world(database: Database) -> World:
    with database.write() as session:
        return a_world(session)


def a_raw(world: World, position: int = 1, **members: Any) -> dict[str, Any]:  # noqa: ANN401 -- any member of an event
    return {
        "event": "delivered",
        "email": world.emails[position - 1],
        "timestamp": int(SENT_AT.timestamp()) + 5,
        "nl_delivery_id": world.delivery_id(position),
        "nl_attempt_id": ATTEMPT,
        "sg_event_id": "x",
    } | members


def a_body(raw: Iterable[bytes]) -> bytes:
    return b"[" + b",\r\n".join(raw) + b"]\r\n"


def post(database: Database, clock: SteppedClock, *raw: dict[str, Any]) -> None:
    store(database, SENDGRID, a_body(map(orjson.dumps, raw)), clock.now())


def test_a_post_waits_until_it_is_applied_once(database: Database, clock: SteppedClock, world: World) -> None:
    post(database, clock, a_raw(world), a_raw(world, 2))
    assert apply_waiting(database, clock) == Applied(posts=1, events=2, new=2)
    assert apply_waiting(database, clock) == Applied()
    with database.read() as session:
        (kept,) = session.exec(select(InboxPost)).all()
        assert (kept.applied_at, kept.event_count, kept.new_count) == (clock.now(), 2, 2)
        assert len(session.exec(select(Fact)).all()) == 2


def test_the_same_post_a_hundred_times_counts_once(database: Database, clock: SteppedClock, world: World) -> None:
    """R-64."""
    for _ in range(100):
        post(database, clock, a_raw(world))
    applied = apply_waiting(database, clock, limit=1000)
    assert (applied.posts, applied.new, applied.repeated) == (100, 1, 99)
    with database.read() as session:
        assert session.exec(select(Fact)).one().count == 1


def test_the_limit_is_kept_and_the_oldest_go_first(database: Database, clock: SteppedClock, world: World) -> None:
    for position in (1, 2, 3):
        post(database, clock, a_raw(world, position))
    assert apply_waiting(database, clock, limit=2).posts == 2
    with database.read() as session:
        assert sorted(fact.position for fact in session.exec(select(Fact))) == [1, 2]


@pytest.mark.parametrize("count", [1, 50])
def test_bad_events_are_put_aside_and_all_good_ones_applied(
    database: Database, clock: SteppedClock, count: int
) -> None:
    """R-62: 1,500 events, some of them bad in every way we know."""
    with database.write() as session:
        world = a_world(session, count=50)
    kinds = [raw for name, raw in sorted(bad_events().items()) if "megabyte" not in name]
    good = [
        orjson.dumps(a_raw(world, 1 + n % 50, timestamp=int(SENT_AT.timestamp()) + n // 50))
        for n in range(1500 - count)
    ]
    bad = [kinds[n % len(kinds)] for n in range(count)]
    step = len(good) // count
    mixed = [piece for n in range(count) for piece in (*good[n * step : (n + 1) * step], bad[n])]
    store(database, SENDGRID, a_body(mixed + good[count * step :]), clock.now())
    applied = apply_waiting(database, clock)
    assert (applied.events, applied.new, applied.quarantined) == (1500, 1500 - count, count)
    with database.read() as session:
        assert session.scalar(select(func.sum(col(Fact.count)))) == 1500 - count
        assert session.scalar(select(func.count()).select_from(Quarantine)) == count


def test_a_whole_post_that_is_nothing_is_put_aside(database: Database, clock: SteppedClock, world: World) -> None:
    store(database, SENDGRID, b"<html>gateway</html>", clock.now())
    assert apply_waiting(database, clock) == Applied(posts=1, events=1, quarantined=1)
    with database.read() as session:
        assert session.exec(select(Quarantine)).one().reason == "the body is not a list of events"


def test_unknown_types_are_counted_and_nothing_else(database: Database, clock: SteppedClock, world: World) -> None:
    post(database, clock, a_raw(world, event="account_status_change"), a_raw(world, event="group_resubscribe"))
    assert apply_waiting(database, clock) == Applied(posts=1, events=2, ignored=2)
    with database.read() as session:
        assert session.exec(select(Event)).all() == []


def test_a_post_that_fails_stops_no_other_and_is_left_after_many_tries(
    database: Database, clock: SteppedClock, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(database, clock, a_raw(world, 1, reason="poison"))
    post(database, clock, a_raw(world, 2))
    with monkeypatch.context() as broken:
        broken.setattr("newsletter.events.facts._row", _poisoned)
        applied = apply_waiting(database, clock)
        assert (applied.posts, applied.failed_posts, applied.new) == (1, 1, 1)
        for _ in range(MAX_FAILURES - 1):
            assert apply_waiting(database, clock).failed_posts == 1
    assert apply_waiting(database, clock) == Applied()
    with database.write() as session:
        session.execute(update(InboxPost).values(failure_count=0))
    assert apply_waiting(database, clock).new == 1


def _poisoned(key: tuple[int, int, str, str], moments: list[Any]) -> dict[str, object]:
    if key[1] == 1:
        raise RuntimeError("poison")
    campaign_id, position, kind, hit_class = key
    return {
        "campaign_id": campaign_id,
        "position": position,
        "kind": EventKind(kind),
        "hit_class": hit_class,
        "first_at": min(moments),
        "last_at": max(moments),
        "count": len(moments),
    }


def test_several_appliers_at_once_apply_each_post_once(database: Database, clock: SteppedClock, world: World) -> None:
    for second in range(24):
        post(
            database,
            clock,
            *(a_raw(world, position, timestamp=int(SENT_AT.timestamp()) + second) for position in (1, 2, 3)),
            a_raw(world, 1, event="open", timestamp=int(SENT_AT.timestamp()) + 60 + second, useragent="Browser/1"),
        )
    found: list[Applied] = []
    workers = [
        threading.Thread(target=lambda: found.append(apply_waiting(database, clock, limit=100))) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while (again := apply_waiting(database, clock)).posts:  # a deadlock's victim, tried again
        found.append(again)
    assert sum(applied.posts for applied in found) == 24
    with database.read() as session:
        facts = {(fact.position, fact.kind): fact.count for fact in session.exec(select(Fact))}
    assert facts == {
        (1, EventKind.DELIVERED): 24,
        (2, EventKind.DELIVERED): 24,
        (3, EventKind.DELIVERED): 24,
        (1, EventKind.OPEN): 24,
    }


_PROGRAM = """
import sys
from datetime import datetime
import newsletter.tables
from newsletter.db import Database
from newsletter.events.inbox import apply_waiting
from newsletter.kit.clock import SteppedClock
apply_waiting(Database(sys.argv[1]), SteppedClock(datetime.fromisoformat(sys.argv[2])))
"""


@pytest.mark.parametrize("point", ["19", "20"])
def test_a_kill_while_applying_loses_and_doubles_nothing(
    database: Database, database_url: str, clock: SteppedClock, world: World, point: str
) -> None:
    """R-61 in small: SIGKILL at the fault points of applying, then an ordinary run."""
    post(database, clock, a_raw(world), a_raw(world, event="spamreport"))
    killed = subprocess.run(
        [sys.executable, "-c", _PROGRAM, database_url, (clock.now() + timedelta(minutes=1)).isoformat()],
        env=os.environ | {"NEWSLETTER_FAULT": f"{point}:kill"},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    with database.read() as session:
        assert session.exec(select(Event)).all() == []
    assert apply_waiting(database, clock).new == 2
    with database.read() as session:
        assert [fact.count for fact in session.exec(select(Fact))] == [1, 1]
