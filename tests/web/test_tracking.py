from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlmodel import Session, SQLModel, select

from newsletter.db import Database
from newsletter.events.models import Event, Fact, LoadCounter
from newsletter.events.vocabulary import EventKind, HitClass
from newsletter.kit.tokens import Purpose
from newsletter.web.commit import GroupCommit
from newsletter.web.public.tracking import GIF
from subscribers import subscriptions
from subscribers.models import Tracking
from subscribers.subscriptions import Change
from tests.web.conftest import Served


def rows(database: Database, table: type[SQLModel]) -> Sequence[SQLModel]:
    with database.read() as session:
        return session.exec(select(table)).all()


def loads(served: Served) -> list[int]:
    with served.database.read() as session:
        return [counter.count for counter in session.exec(select(LoadCounter))]


def the_pixel(served: Served) -> str:
    return f"/o/{served.world.campaign_ref}.gif"


def the_link(served: Served, number: int = 2, position: int = 1) -> str:
    return f"/c/{served.token(Purpose.CLICK, position)}/{number}"


# The shared image


def test_a_load_raises_a_counter_and_leaves_nothing_else(served: Served) -> None:
    """C-45."""
    for _ in range(3):
        answer = served.stranger().get(the_pixel(served))
        assert (answer.status_code, answer.content) == (200, GIF)
        assert answer.headers["content-type"] == "image/gif"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert loads(served) == [3]
    assert rows(served.database, Event) == rows(served.database, Fact) == []


def test_an_unknown_campaign_gets_the_image_and_no_row(served: Served) -> None:
    assert served.stranger().get("/o/nothing.gif").content == GIF
    assert loads(served) == []


def test_head_counts_nothing(sqlite: Served) -> None:
    assert sqlite.stranger().request("HEAD", the_pixel(sqlite)).status_code == 200
    assert loads(sqlite) == []


def test_many_loads_at_once_are_all_counted(served: Served) -> None:
    """The group commit: each answered load is stored."""
    client = served.stranger()

    async def at_once() -> None:
        await asyncio.gather(*(client._request("GET", the_pixel(served)) for _ in range(200)))

    asyncio.run(at_once())
    assert loads(served) == [200]


# Personal links


def test_a_click_leads_on_and_is_one_event(served: Served) -> None:
    answer = served.client().get(the_link(served))
    assert (answer.status_code, answer.headers["location"]) == (302, "/issues/digest/2026-09/a2")
    with served.database.read() as session:
        event, fact = session.exec(select(Event)).one(), session.exec(select(Fact)).one()
    assert (event.kind, event.target, event.hit_class) == (EventKind.CLICK, 2, HitClass.PERSON)
    assert (fact.position, fact.count) == (1, 1)
    kept = repr(event.model_dump())
    assert "192.0.2" not in kept
    assert "Mozilla" not in kept


def test_a_tool_is_a_scanner_and_head_is_nothing(sqlite: Served) -> None:
    client = sqlite.client(**{"User-Agent": "curl/8.5"})
    assert client.request("HEAD", the_link(sqlite)).status_code == 302
    assert rows(sqlite.database, Event) == []
    client.get(the_link(sqlite))
    with sqlite.database.read() as session:
        assert session.exec(select(Event)).one().hit_class is HitClass.SCANNER


def test_a_prefetch_says_so_itself(sqlite: Served) -> None:
    sqlite.client(**{"Sec-Purpose": "prefetch;prerender"}).get(the_link(sqlite))
    with sqlite.database.read() as session:
        assert session.exec(select(Event)).one().hit_class is HitClass.SCANNER


@pytest.mark.parametrize("tracking", [Tracking.AGGREGATE, Tracking.NONE])
def test_after_withdrawal_the_link_leads_on_and_leaves_no_row(served: Served, tracking: Tracking) -> None:
    """C-42: the mail was sent before, the withdrawal reaches it."""
    with served.database.write() as session:
        change = Change(tracking=tracking)
        subscriptions.change(session, served.reader_id(), change, served.product.clock.now())
    assert served.client().get(the_link(served)).status_code == 302
    assert served.client().get(the_pixel(served)).status_code == 200
    assert rows(served.database, Event) == rows(served.database, Fact) == []


@pytest.mark.parametrize("number", [0, 4, 99, 10**30])
def test_a_link_to_no_item_is_the_neutral_page(sqlite: Served, number: int) -> None:
    """S-36."""
    assert sqlite.client().get(the_link(sqlite, number)).status_code == 404
    assert rows(sqlite.database, Event) == []


def test_a_click_leads_on_though_the_database_can_not_write(sqlite: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-40 in small: a reader's click leads somewhere whatever happens to the count."""
    link = the_link(sqlite)
    monkeypatch.setattr(Database, "write", _locked)
    assert sqlite.client().get(link).status_code == 302
    assert sqlite.client().get(the_pixel(sqlite)).content == GIF


def _locked(_database: Database) -> Session:
    raise OSError("locked")


# The group commit by itself


def test_a_group_is_written_whole_while_the_next_one_gathers() -> None:
    groups: list[list[int]] = []
    commit = GroupCommit[int](groups.append)

    async def add_all() -> list[bool]:
        return await asyncio.gather(*(commit.add(number) for number in range(100)))

    assert asyncio.run(add_all()) == [True] * 100
    assert sorted(number for group in groups for number in group) == list(range(100))
    assert len(groups) < 20


def test_a_full_queue_drops_and_counts() -> None:
    commit = GroupCommit[int](lambda _: None, capacity=10)

    async def add_all() -> list[bool]:
        return await asyncio.gather(*(commit.add(number) for number in range(25)))

    stored = asyncio.run(add_all())
    assert commit.dropped_count == stored.count(False) > 0


def test_a_failed_commit_says_that_nothing_was_stored() -> None:
    def fail(_group: list[int]) -> None:
        raise OSError("disk gone")

    commit = GroupCommit[int](fail)
    assert asyncio.run(commit.add(1)) is False
    assert commit.dropped_count == 1
