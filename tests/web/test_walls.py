"""What holds for every route: headers, methods, sizes, origins, tokens, logs, errors."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel
from starlette.routing import Route
from structlog.testing import capture_logs

from newsletter.db import Database
from newsletter.events.models import Event, Fact, LoadCounter
from newsletter.kit.tokens import Purpose
from newsletter.web.guard import MAX_BODY
from tests.web.conftest import ORIGIN, Served

PURPOSES = (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.WEB_COPY, Purpose.CLICK)
ROUTES = {
    Purpose.PREFERENCES: "/p/{}",
    Purpose.UNSUBSCRIBE: "/u/{}",
    Purpose.WEB_COPY: "/m/{}",
    Purpose.CLICK: "/c/{}/1",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def routes(served: Served) -> list[Route]:
    found = [route for route in served.app.routes if isinstance(route, Route)]
    assert len(found) >= 14
    return found


def a_path(served: Served, route: Route) -> str:
    """A working address of each route."""
    purposes = {"/p": Purpose.PREFERENCES, "/u": Purpose.UNSUBSCRIBE, "/m": Purpose.WEB_COPY, "/c": Purpose.CLICK}
    purpose = purposes.get(route.path[:2] if route.path[2:3] == "/" else "")
    values = {
        "{token}": served.token(purpose) if purpose else "",
        "{number:int}": "1",
        "{slug}": "digest",
        "{issue}": "2026-09",
        "{item}": "a1",
        "{campaign_ref}": served.world.campaign_ref,
        "{name}": "site.css",
    }
    path = route.path
    for name, value in values.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say above how to fill {route.path}"
    return path


# S-31, headers


def answers(served: Served) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Every route in each of its good and bad moods, and what no route answers."""
    good, evil = served.client(), served.stranger(Origin="https://evil.example.net")
    for route in routes(served):
        path = a_path(served, route)
        for client, method in ((good, "GET"), (good, "HEAD"), (good, "POST"), (evil, "POST"), (good, "DELETE")):
            answer = client.request(method, path)
            yield f"{method} {route.path}", answer.status_code, dict(answer.headers)
    for path in ("/nothing", "/p/zz", "/u/zz", "/m/zz", "/c/zz/1", "/static/app.py"):
        answer = good.get(path)
        yield path, answer.status_code, dict(answer.headers)
    large = good.post("/p/zz", content=b"x" * (MAX_BODY + 1))
    yield "large", large.status_code, dict(large.headers)


def test_every_answer_has_the_headers(sqlite: Served) -> None:
    statuses = set()
    for name, status, headers in answers(sqlite):
        statuses.add(status)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert "unsafe" not in policy or name in {"GET /m/{token}", "HEAD /m/{token}"}, name
        assert int(headers["strict-transport-security"].removeprefix("max-age=")) >= 31_536_000, name
        assert headers["x-content-type-options"] == "nosniff", name
        assert headers["referrer-policy"] == "same-origin", name
        assert headers["cross-origin-opener-policy"] == "same-origin", name
        assert headers["permissions-policy"], name
        assert "server" not in headers, name
        assert "set-cookie" not in headers, name
    assert statuses >= {200, 302, 400, 403, 404, 405, 413, 422}


def test_an_error_of_ours_is_closed_and_has_the_headers_too(sqlite: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """S-45: nothing of the cause comes out, neither in the page nor as a trace."""
    monkeypatch.setattr(Database, "read", _broken)
    for path in ("/", "/issues/digest/2026-09", f"/p/{sqlite.token(Purpose.PREFERENCES)}"):
        with capture_logs() as log:
            answer = sqlite.client().get(path)
        assert answer.status_code == 500
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert [line["error"] for line in log if line["event"] == "failed"] == ["RuntimeError"]
        assert "secret" not in repr(log)


def _broken(_database: Database) -> None:
    raise RuntimeError("secret of alice@example.com")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/metrics", "/docs/oauth2-redirect", "/debug"])
def test_there_is_nothing_to_explore(sqlite: Served, path: str) -> None:
    """S-44."""
    assert sqlite.client().get(path).status_code == 404


def test_pages_of_a_personal_link_are_neither_kept_nor_found(sqlite: Served) -> None:
    for purpose, route in ROUTES.items():
        headers = sqlite.client().get(route.format(sqlite.token(purpose))).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex, nofollow"


# S-12, S-25, methods and origins


def test_another_method_is_405_with_the_ones_that_work(sqlite: Served) -> None:
    for route in routes(sqlite):
        path = a_path(sqlite, route)
        for method in METHODS:
            answer = sqlite.client().request(method, path)
            if method in (route.methods or ()):
                assert answer.status_code != 405, (method, path)
            else:
                assert answer.status_code == 405, (method, path)
                assert set(answer.headers["allow"].split(", ")) == route.methods


def test_every_unsafe_route_but_two_refuses_other_origins(sqlite: Served) -> None:
    unsafe = [route for route in routes(sqlite) if "POST" in (route.methods or ())]
    assert len(unsafe) == 5
    refused = set()
    for route in unsafe:
        statuses = {
            sqlite.stranger(**headers).post(a_path(sqlite, route)).status_code
            for headers in ({}, {"Origin": "https://evil.example.net"}, {"Sec-Fetch-Site": "cross-site"})
        }
        if statuses == {403} and route.path != "/webhooks/sendgrid":
            refused.add(route.path)
    assert refused == {"/p/{token}", "/u/{token}/undo", "/u/{token}/all"}


# S-42, sizes


def test_a_megabyte_is_the_limit_of_a_form(sqlite: Served) -> None:
    link = f"/p/{sqlite.token(Purpose.PREFERENCES)}"
    assert sqlite.client().post(link, content=b"x" * MAX_BODY).status_code == 422
    assert sqlite.client().post(link, content=b"x" * (MAX_BODY + 1)).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "abc"])
def test_an_odd_length_is_refused(sqlite: Served, length: str) -> None:
    headers = {"Content-Length": length}
    assert sqlite.client().post("/p/zz", headers=headers).status_code == 400


def test_more_than_a_hundred_fields_are_refused(sqlite: Served) -> None:
    link = f"/p/{sqlite.token(Purpose.PREFERENCES)}"
    assert sqlite.client().post(link, data={f"f{number}": "x" for number in range(100)}).status_code == 422
    assert sqlite.client().post(link, data={f"f{number}": "x" for number in range(101)}).status_code == 400


# S-02, S-03, tokens


def test_a_token_opens_the_route_of_its_purpose_alone(sqlite: Served) -> None:
    bodies = set()
    for purpose in (*PURPOSES, Purpose.CONFIRM):
        token = sqlite.token(purpose)
        for of, route in ROUTES.items():
            answer = sqlite.client().get(route.format(token))
            if of is purpose:
                assert answer.status_code in {200, 302}
            else:
                assert answer.status_code == 404
                bodies.add(answer.text.replace(token, ""))
    assert len(bodies) == 1


def test_every_fault_of_a_token_gets_the_same_answer(sqlite: Served) -> None:
    neutral = sqlite.client().get("/never/was")
    for purpose, route in ROUTES.items():
        token = sqlite.token(purpose)
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for bit in range(0, 8 * len(raw), 5):
            changed = bytearray(raw)
            changed[bit // 8] ^= 1 << bit % 8
            other = base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode()
            answer = sqlite.client().get(route.format(other))
            assert (answer.status_code, answer.text) == (neutral.status_code, neutral.text)
        for odd in ("x", token[:-1], token + "A", token + "%00", "%ED%95%9C", "a" * 500):
            answer = sqlite.client().get(route.format(odd))
            assert answer.status_code == 404, odd


@pytest.mark.parametrize(
    "path",
    [
        "/issues/a%00b/2026-09",
        "/issues/digest/2026-09%00",
        "/issues/digest/%ff%fe",
        "/issues/%ed%a0%80/x",
        "/o/a%00b.gif",
        "/c/x/" + "9" * 5000,
        "/p/" + "a" * 5000,
        "/static/%00",
        "/%0d%0aSet-Cookie:%20a=b",
        "/issues/digest/%E2%80%AE",
        "/u/x%2Fall",
    ],
)
def test_an_odd_path_is_the_neutral_page(served: Served, path: str) -> None:
    answer = served.client().get(path)
    assert answer.status_code in {404, 405}
    assert "set-cookie" not in answer.headers


@given(st.text(max_size=80), st.sampled_from(["/", "/issues/", "/issues/digest/", "/p/", "/u/", "/m/", "/c/", "/o/"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_is_an_error_of_ours(served: Served, tail: str, head: str) -> None:
    path = head + quote(tail.encode("utf-8", "surrogatepass"))
    assert served.client().get(path).status_code < 500


def test_a_token_about_nobody_gets_the_same_answer(sqlite: Served) -> None:
    """S-08: a genuine token whose person is not there (any more)."""
    keys = sqlite.product.keys
    nobody = 999_999
    for path in (
        f"/p/{keys.sign(Purpose.PREFERENCES, nobody, 0, 20_000)}",
        f"/u/{keys.sign(Purpose.UNSUBSCRIBE, nobody, 1, 1)}",
        f"/u/{keys.sign(Purpose.UNSUBSCRIBE, 1 << 70, 1, 1)}",
        f"/u/{keys.sign(Purpose.UNSUBSCRIBE, 1)}",
        f"/m/{keys.sign(Purpose.WEB_COPY, nobody, 1)}",
        f"/c/{keys.sign(Purpose.CLICK, nobody, 1)}/1",
    ):
        assert sqlite.client().get(path).status_code == 404, path


# S-07, logs


def test_no_token_and_no_address_reaches_the_log(sqlite: Served) -> None:
    with capture_logs() as log:
        for _ in answers(sqlite):
            pass
    written = repr(log)
    assert len(log) > 50
    for purpose in PURPOSES:
        assert sqlite.token(purpose) not in written
    assert not any(email in written for email in sqlite.world.emails)
    assert "192.0.2" not in written
    assert {"/p/{token}", "/u/{token}", "unmatched"} <= {line.get("route") for line in log}


# S-10, GET changes nothing


def checksum(database: Database) -> str:
    """All rows of all tables but those that count hits."""
    left_out = {LoadCounter.__tablename__, Event.__tablename__, Fact.__tablename__}
    digest = hashlib.sha256()
    with database.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in left_out:
                digest.update(repr((table.name, sorted(map(repr, session.execute(table.select()).all())))).encode())
    return digest.hexdigest()


def links_in(html: str) -> set[str]:
    return {link.replace("&amp;", "&") for link in re.findall(r'(?:href|action|src)="([^"#]+)"', html)}


def test_following_every_link_changes_nothing(served: Served) -> None:
    """A plain client opens all that a mail and the pages behind it link, forms' addresses too, by GET and HEAD."""
    before = checksum(served.database)
    for position in (1, 2, 3):
        waiting = {"/", f"/o/{served.world.campaign_ref}.gif"} | {
            route.format(served.token(purpose, position)) for purpose, route in ROUTES.items()
        }
        seen: set[str] = set()
        while waiting - seen:
            path = min(waiting - seen)
            seen.add(path)
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = served.client().request(method, path)
                assert answer.status_code < 500
            found = served.client().get(path)
            for link in links_in(found.text) | {found.headers.get("location", "/")}:
                own = link.removeprefix(ORIGIN)
                if own.startswith("?"):
                    own = path.partition("?")[0] + own
                if own.startswith("/"):
                    waiting.add(own)
        assert len(seen) > 12
    assert checksum(served.database) == before


def test_a_get_that_changed_something_would_be_seen(served: Served) -> None:
    """The negative control: the same checksum after a leaving."""
    before = checksum(served.database)
    link = f"/u/{served.token(Purpose.UNSUBSCRIBE)}"
    served.client().post(link, data={"List-Unsubscribe": "One-Click"})
    assert checksum(served.database) != before


# Health


def test_alive_and_ready_are_two_questions(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served.stranger().get("/healthz").text == "ok\n"
    assert served.stranger().get("/readyz").status_code == 200
    monkeypatch.setattr(Database, "write", _broken)
    assert served.stranger().get("/healthz").status_code == 200
    answer = served.stranger().get("/readyz")
    assert (answer.status_code, "secret" in answer.text) == (503, False)


def test_assets_are_kept_for_ever_and_nothing_else_is_served(sqlite: Served) -> None:
    page = sqlite.client().get("/").text
    (style,) = re.findall(r'href="(/static/site\.css\?v=[0-9a-f]{12})"', page)
    answer = sqlite.client().get(style)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    for name in ("../app.py", "%2e%2e/app.py", "SITE.CSS", "site.css/", "__init__.py"):
        assert sqlite.client().get(f"/static/{name}").status_code == 404


def test_every_route_says_its_template_to_the_log(sqlite: Served) -> None:
    for route in routes(sqlite):
        with capture_logs() as log:
            sqlite.client().get(a_path(sqlite, route))
        if "GET" in (route.methods or ()):
            assert log[-1]["route"] == route.path
