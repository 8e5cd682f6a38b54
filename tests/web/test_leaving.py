from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep

import pytest
import uvicorn
from sqlmodel import select

from newsletter.kit.clock import SteppedClock
from newsletter.kit.tokens import Purpose
from subscribers.models import ConsentAction, ConsentRecord, Subscription, SubscriptionState, Suppression
from tests.web.conftest import Served

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
CROSS = {"Origin": "https://mail.example.net", "Sec-Fetch-Site": "cross-site"}


def state(served: Served, position: int = 1) -> SubscriptionState:
    with served.database.read() as session:
        return session.get_one(Subscription, served.reader_id(position)).state


def withdrawals(served: Served) -> list[ConsentRecord]:
    with served.database.read() as session:
        found = session.exec(select(ConsentRecord)).all()
    return [one for one in found if one.action is ConsentAction.WITHDRAWN and one.purpose == "newsletter"]


def the_link(served: Served, position: int = 1) -> str:
    return f"/u/{served.token(Purpose.UNSUBSCRIBE, position)}"


# One-click (RFC 8058, S-11)


@pytest.mark.parametrize("headers", [{}, CROSS, {"Origin": "null"}, {"Cookie": "a=b"}])
@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
def test_one_click_leaves_from_anywhere_in_both_encodings(
    served: Served, headers: dict[str, str], encoding: str
) -> None:
    client = served.stranger(**headers)
    if encoding == "urlencoded":
        answer = client.post(the_link(served), data=ONE_CLICK)
    else:
        answer = client.post(the_link(served), files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert state(served) is SubscriptionState.ENDED
    assert state(served, 2) is SubscriptionState.ACTIVE
    (record,) = withdrawals(served)
    assert (record.how, record.actor, record.ip) == ("one-click", "reader", "192.0.2.0/24")


def test_one_click_a_hundred_times_is_one_leaving(sqlite: Served) -> None:
    link = the_link(sqlite)
    assert {sqlite.stranger().post(link, data=ONE_CLICK).status_code for _ in range(100)} == {200}
    assert len(withdrawals(sqlite)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"data": {}},
        {"data": {"List-Unsubscribe": "Two-Clicks"}},
        {"data": {"list-unsubscribe": "One-Click"}},
        {"content": b"List-Unsubscribe=One-Click"},
        {"content": b"{}", "headers": {"Content-Type": "application/json"}},
        {"content": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"junk", "headers": {"Content-Type": "multipart/form-data"}},
        {"files": {"List-Unsubscribe": ("a.txt", b"One-Click")}},
        {"data": {"List-Unsubscribe": "One-Click", **{f"f{n}": "x" for n in range(101)}}},
    ],
)
def test_another_body_is_400_and_changes_nothing(sqlite: Served, body: dict[str, object]) -> None:
    assert sqlite.stranger().post(the_link(sqlite), **body).status_code == 400
    assert state(sqlite) is SubscriptionState.ACTIVE


def test_a_link_never_expires(sqlite: Served, clock: SteppedClock) -> None:
    """R-53."""
    link = the_link(sqlite)
    clock.advance(timedelta(days=3650))
    assert sqlite.stranger().post(link, data=ONE_CLICK).status_code == 200
    assert state(sqlite) is SubscriptionState.ENDED


def test_an_unknown_token_gets_the_neutral_page(sqlite: Served) -> None:
    answer = sqlite.stranger().post("/u/AAAA", data=ONE_CLICK)
    assert answer.status_code == 404
    assert state(sqlite) is SubscriptionState.ACTIVE


@contextmanager
def on_a_port(served: Served) -> Iterator[int]:
    """The site behind a real server, as mail providers meet it."""
    config = uvicorn.Config(served.app, host="127.0.0.1", port=0, access_log=False, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until = monotonic() + 20
    while not server.started and monotonic() < until:
        sleep(0.02)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=20)


@pytest.mark.parametrize("version", [10, 11])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_one_click_over_http_1_0_and_chunked(sqlite: Served, version: int, is_chunked: bool) -> None:
    if is_chunked and version == 10:
        version = 11  # HTTP/1.0 knows no chunks
    body = b"List-Unsubscribe=One-Click"
    with on_a_port(sqlite) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection._http_vsn = version  # type: ignore[attr-defined]  # the only switch the standard library has
        connection._http_vsn_str = f"HTTP/1.{version - 10}"  # type: ignore[attr-defined]  # as above
        connection.request(
            "POST",
            the_link(sqlite),
            iter([body[:5], body[5:]]) if is_chunked else body,
            {"Content-Type": "application/x-www-form-urlencoded"},
            encode_chunked=is_chunked,
        )
        assert connection.getresponse().status == 200
        connection.close()
    assert state(sqlite) is SubscriptionState.ENDED


# Two clicks, by a person


def test_the_page_asks_and_changes_nothing(served: Served) -> None:
    page = served.client().get(the_link(served))
    assert page.status_code == 200
    assert state(served) is SubscriptionState.ACTIVE
    assert served.world.emails[0] not in page.text
    assert "r***@d***.com" in page.text
    assert 'name="List-Unsubscribe" value="One-Click"' in page.text
    assert page.text.count("<form") == 1


@pytest.mark.parametrize(("language", "words"), [("ko", "수신 거부"), ("en", "Unsubscribe")])
def test_the_page_speaks_both_languages(sqlite: Served, language: str, words: str) -> None:
    page = sqlite.client().get(the_link(sqlite), params={"lang": language})
    assert f'<html lang="{language}">' in page.text
    assert words in page.text


def test_undo_brings_back_and_is_recorded(served: Served) -> None:
    link = the_link(served)
    done = served.client().post(link, data=ONE_CLICK)
    assert f'action="{link}/undo"' in done.text
    assert served.client().post(f"{link}/undo").status_code == 200
    assert state(served) is SubscriptionState.ACTIVE
    assert served.client().post(f"{link}/undo").status_code == 200
    with served.database.read() as session:
        last = [one for one in session.exec(select(ConsentRecord)) if one.how == "undo"]
    assert {one.action for one in last} == {ConsentAction.GIVEN}


def test_undo_ends_after_a_day(sqlite: Served, clock: SteppedClock) -> None:
    """A mail that was forwarded must not bring back who left long ago."""
    link = the_link(sqlite)
    sqlite.client().post(link, data=ONE_CLICK)
    clock.advance(timedelta(days=1, seconds=1))
    assert "/undo" not in sqlite.client().get(link).text
    sqlite.client().post(f"{link}/undo")
    assert state(sqlite) is SubscriptionState.ENDED


def test_leaving_all_ends_all_and_can_be_undone_for_this_one(served: Served) -> None:
    link = the_link(served)
    assert served.client().post(f"{link}/all").status_code == 200
    assert state(served) is SubscriptionState.ENDED
    with served.database.read() as session:
        assert [one.scope for one in session.exec(select(Suppression))] == ["*"]
    served.client().post(f"{link}/undo")
    assert state(served) is SubscriptionState.ACTIVE


@pytest.mark.parametrize("step", ["undo", "all"])
def test_the_other_buttons_work_from_our_pages_only(sqlite: Served, step: str) -> None:
    link = the_link(sqlite)
    if step == "undo":
        sqlite.client().post(link, data=ONE_CLICK)
    before = state(sqlite)
    assert sqlite.stranger(**CROSS).post(f"{link}/{step}").status_code == 403
    assert sqlite.stranger().post(f"{link}/{step}").status_code == 403
    assert state(sqlite) is before


def test_who_has_left_is_told_so(sqlite: Served) -> None:
    link = the_link(sqlite)
    sqlite.client().post(link, data=ONE_CLICK)
    assert "수신을 거부하셨습니다" in sqlite.client().get(link).text
