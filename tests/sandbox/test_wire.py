"""Every answer, good and bad, as a client sees it on the wire."""

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from http import HTTPStatus

import httpx
import pytest

from tests.sandbox.conftest import Start
from tests.sandbox.support import KEY, Running, everything, message, personal, request_bytes, until

BODY = json.dumps(message()).encode()
BIG = json.dumps(message(content=[{"type": "text/plain", "value": "x" * 20_000_000}])).encode()


@pytest.fixture
def sandbox(shared: Running) -> Iterator[Running]:
    """The shared stand-in with an empty script and a remembered length of its journal."""
    shared.api("faults", method="DELETE")
    yield shared
    shared.api("faults", method="DELETE")


def accepted(sandbox: Running) -> int:
    return len(sandbox.journal())


def script(sandbox: Running, *faults: object) -> None:
    sandbox.api("faults", {"script": list(faults)})


def on_the_wire(sandbox: Running, body: bytes = BODY) -> bytes:
    with sandbox.connect() as peer:
        peer.sendall(request_bytes(body))
        return everything(peer)


# --- proper answers --------------------------------------------------------------------------------------------------


def test_a_good_message_is_answered_202_with_an_id_and_no_body(sandbox: Running) -> None:
    answer = sandbox.send(message("alice@example.com"))
    assert answer.status_code == HTTPStatus.ACCEPTED
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", answer.headers["X-Message-Id"])
    assert answer.content == b""
    assert sandbox.journal()[-1]["message_id"] == answer.headers["X-Message-Id"]


def test_every_answer_says_that_nothing_is_sent(sandbox: Running) -> None:
    script(sandbox, "500", {"kind": "trickle", "gap": 0.0})
    said = {
        sandbox.send(message()).headers["X-Sandbox"],
        sandbox.http.get("/").headers["X-Sandbox"],
        sandbox.http.get("/v3/nowhere").headers["X-Sandbox"],
    }
    assert said == {"nothing is sent"}
    assert b"X-Sandbox: nothing is sent\r\n" in on_the_wire(sandbox)


def test_a_journal_line_holds_enough_to_rebuild_every_mail(sandbox: Running) -> None:
    body = message("alice@example.com", "bob@example.com", categories=["digest"])
    sandbox.send(body)
    line = sandbox.journal()[-1]
    assert line["personalizations"] == body["personalizations"]
    assert line["attempt_ids"] == ["attempt-1"]
    assert line["fault"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["time"])
    rest = {name: value for name, value in body.items() if name not in {"personalizations", "content"}}
    assert line["message"] == rest
    stored = sandbox.state / "content" / f"{line['content'].removeprefix('sha256:')}.json"
    assert json.loads(stored.read_bytes()) == body["content"]


def test_one_bad_row_means_that_nothing_is_accepted(sandbox: Running) -> None:
    before = accepted(sandbox)
    body = message("alice@example.com", "bob@example.com")
    body["personalizations"][1] = personal("nobody")
    answer = sandbox.send(body)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json() == {
        "errors": [
            {"message": "Does not contain a valid address.", "field": "personalizations.1.to.0.email", "help": None}
        ]
    }
    assert accepted(sandbox) == before
    assert sandbox.api("refusals")["refusals"][-1]["status"] == 400


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("POST", {"Authorization": "Bearer wrong"}, BODY, 401),
        ("POST", {"Authorization": f"Basic {KEY}"}, BODY, 401),
        ("GET", {}, b"", 405),
        ("PUT", {}, BODY, 405),
        ("POST", {"Content-Encoding": "gzip"}, gzip.compress(BODY), 415),
        ("POST", {}, b"\xff\xfe", 415),
        ("POST", {}, b"{", 400),
    ],
)
def test_a_wrong_request_is_refused_as_json(
    sandbox: Running, method: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    before = accepted(sandbox)
    known = {"Authorization": f"Bearer {KEY}", **headers}
    answer = sandbox.http.request(method, "/v3/mail/send", content=body, headers=known)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] is None
    assert accepted(sandbox) == before


def test_thirty_megabytes_are_too_large_with_and_without_a_length(sandbox: Running) -> None:
    before = accepted(sandbox)
    head = request_bytes(b"").replace(b"Content-Length: 0", b"Content-Length: 30000000")
    with sandbox.connect() as peer:
        peer.sendall(head)
        assert peer.recv(100).startswith(b"HTTP/1.1 413 ")
    with sandbox.connect() as peer:
        peer.sendall(request_bytes(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
        chunk = b"%x\r\n%s\r\n" % (1_000_000, b" " * 1_000_000)
        with pytest.raises(ConnectionError):
            for _ in range(60):
                peer.sendall(chunk)
    assert accepted(sandbox) == before


def test_sandbox_mode_is_answered_200_and_not_accepted(sandbox: Running) -> None:
    before = accepted(sandbox)
    answer = sandbox.send(message(mail_settings={"sandbox_mode": {"enable": True}}))
    assert (answer.status_code, answer.content) == (HTTPStatus.OK, b"")
    assert accepted(sandbox) == before


def test_connections_are_kept(sandbox: Running) -> None:
    with sandbox.connect() as peer:
        for _ in range(2):
            peer.sendall(request_bytes(BODY))
            assert peer.recv(65_536).startswith(b"HTTP/1.1 202 Accepted")


def test_the_switch_closes_connections_after_each_answer(start: Start) -> None:
    sandbox = start("--no-keep-alive")
    assert b"connection: close" in on_the_wire(sandbox).lower()


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("no-id", 202), ("200", 200), ("301", 301), ("303", 303), ("400", 400), ("401-key", 401), ("401-credits", 401),
        ("403", 403), ("404", 404), ("405", 405), ("408", 408), ("413", 413), ("429", 429), ("500", 500), ("502", 502),
        ("503", 503), ("html-400", 400), ("html-502", 502),
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefix", ["", "accept-"])
def test_a_scripted_answer_comes_once_and_only_accept_accepts(
    sandbox: Running, prefix: str, fault: str, status: int
) -> None:
    before = accepted(sandbox)
    script(sandbox, prefix + fault)
    answer = sandbox.send(message())
    assert answer.status_code == status
    assert "X-Message-Id" not in answer.headers
    assert accepted(sandbox) == before + (1 if prefix else 0)
    if prefix:
        assert sandbox.journal()[-1]["fault"] == prefix + fault
    assert sandbox.send(message()).status_code == HTTPStatus.ACCEPTED


def test_credits_and_key_are_told_apart_by_words_only(sandbox: Running) -> None:
    script(sandbox, "401-key", "401-credits")
    key, credits_ = (sandbox.send(message()).json()["errors"][0] for _ in range(2))
    assert credits_ == {"message": "Maximum credits exceeded", "field": None, "help": None}
    assert key["message"] != credits_["message"]


def test_a_row_can_be_named(sandbox: Running) -> None:
    script(sandbox, {"kind": "400-row", "row": 7})
    assert sandbox.send(message()).json()["errors"][0]["field"] == "personalizations.7.to"


def test_a_429_says_when_only_if_asked_to(sandbox: Running) -> None:
    script(sandbox, "429", {"kind": "429", "reset_in": 30}, {"kind": "429", "retry_after": "120"})
    silent, reset, retry = (sandbox.send(message()).headers for _ in range(3))
    assert "X-RateLimit-Reset" not in silent
    assert "Retry-After" not in silent
    assert abs(int(reset["X-RateLimit-Reset"]) - time.time() - 30) < 5  # noqa: TID251 - compares with the real clock
    assert retry["Retry-After"] == "120"


def test_who_follows_a_redirect_is_counted(sandbox: Running) -> None:
    script(sandbox, "301")
    before = sandbox.api("stats")["since_start"]["redirects_followed"]
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = sandbox.http.post("/v3/mail/send", content=BODY, headers=headers, follow_redirects=True)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert sandbox.api("stats")["since_start"]["redirects_followed"] == before + 1


@pytest.mark.parametrize("fault", ["close", "stall", "truncated", "trickle", "garbage"])
@pytest.mark.parametrize("prefix", ["", "accept-"])
def test_a_broken_answer_looks_broken_and_only_accept_accepts(sandbox: Running, prefix: str, fault: str) -> None:
    before = accepted(sandbox)
    details = {"stall": {"seconds": 0.3}, "trickle": {"gap": 0.005}}.get(fault, {})
    script(sandbox, {"kind": prefix + fault, **details})
    begun = time.monotonic()
    raw = on_the_wire(sandbox)
    took = time.monotonic() - begun
    if fault == "close":
        assert raw == b""
    elif fault == "stall":
        assert (raw, took > 0.3) == (b"", True)
    elif fault == "truncated":
        assert b"Content-Length: 100" in raw
        assert raw.endswith(b"cut here")
    elif fault == "trickle":
        assert raw.startswith(b"HTTP/1.1 202 Accepted")
        assert took > 0.005 * (len(raw) - 1), "one byte at a time"
    else:
        assert not raw.startswith(b"HTTP/")
    assert accepted(sandbox) == before + (1 if prefix else 0)


def test_a_reset_comes_before_the_body_is_read(sandbox: Running) -> None:
    before = accepted(sandbox)
    script(sandbox, "reset")
    with pytest.raises(ConnectionError):
        on_the_wire(sandbox, BIG)
    assert accepted(sandbox) == before


def test_a_cut_body_fails_the_clients_write(sandbox: Running) -> None:
    before = accepted(sandbox)
    script(sandbox, "cut-body")
    with sandbox.connect() as peer, pytest.raises(ConnectionError):
        peer.sendall(request_bytes(BIG))
    assert accepted(sandbox) == before


def test_a_stall_before_reading_holds_the_clients_write(sandbox: Running) -> None:
    before = accepted(sandbox)
    script(sandbox, {"kind": "stall-before-reading", "seconds": 1})
    with sandbox.connect() as peer:
        peer.settimeout(0.5)
        with pytest.raises(TimeoutError):
            peer.sendall(request_bytes(BIG))
    assert accepted(sandbox) == before


def test_a_late_answer_is_late_and_whole(sandbox: Running) -> None:
    script(sandbox, {"kind": "late", "seconds": 0.4})
    begun = time.monotonic()
    assert sandbox.send(message()).status_code == HTTPStatus.ACCEPTED
    assert time.monotonic() - begun >= 0.4


def test_an_idle_connection_is_closed_after_a_proper_answer(sandbox: Running) -> None:
    script(sandbox, {"kind": "idle-close", "seconds": 0.3})
    with sandbox.connect() as peer:
        peer.sendall(request_bytes(BODY))
        assert peer.recv(65_536).startswith(b"HTTP/1.1 202 Accepted")
        peer.settimeout(5)
        assert peer.recv(1) == b"", "closed by the stand-in"


def test_a_refused_connection_is_refused_and_later_taken_again(start: Start) -> None:
    sandbox = start()
    sandbox.api("faults", {"script": [{"kind": "refuse", "seconds": 1}]})
    with pytest.raises(httpx.TransportError):
        sandbox.send(message())
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", sandbox.port), timeout=2):
        pass
    until(lambda: _answers(sandbox))
    assert accepted(sandbox) == 1


def test_a_port_can_be_closed_without_a_request(start: Start) -> None:
    sandbox = start()
    sandbox.api("faults", {"refuse_for": 0.5})
    with pytest.raises(httpx.ConnectError):
        until(lambda: httpx.get(f"http://127.0.0.1:{sandbox.port}/", trust_env=False) is None)
    until(lambda: _answers(sandbox))


def _answers(sandbox: Running) -> bool:
    try:
        return sandbox.send(message()).status_code == HTTPStatus.ACCEPTED
    except httpx.TransportError:
        return False


def test_a_bad_message_is_refused_even_where_a_fault_would_accept(sandbox: Running) -> None:
    before = accepted(sandbox)
    script(sandbox, "accept-500")
    assert sandbox.send(message("nobody")).status_code == HTTPStatus.BAD_REQUEST
    assert accepted(sandbox) == before


def test_always_and_mix_and_clearing_work_over_the_interface(sandbox: Running) -> None:
    sandbox.api("faults", {"always": "503"})
    assert [sandbox.send(message()).status_code for _ in range(3)] == [503] * 3
    sandbox.api("faults", {"always": None, "mix": {"429": 1.0}, "seed": 3})
    assert sandbox.send(message()).status_code == HTTPStatus.TOO_MANY_REQUESTS
    sandbox.api("faults", method="DELETE")
    assert sandbox.send(message()).status_code == HTTPStatus.ACCEPTED


@pytest.mark.parametrize("plan", [{"script": ["nonsense"]}, {"mix": {"500": 2}}, {"nonsense": 1}, {"script": [7]}])
def test_a_plan_that_makes_no_sense_is_refused_and_changes_nothing(sandbox: Running, plan: dict[str, object]) -> None:
    assert sandbox.http.post("/api/faults", json=plan).status_code == HTTPStatus.BAD_REQUEST
    assert sandbox.send(message()).status_code == HTTPStatus.ACCEPTED
