"""SendGrid's transport against the stand-in in its own process, and against peers that are worse than that."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsletter.delivery.message import Letter, Message, Recipient
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.delivery.transports.sendgrid import Limits, SendGridTransport
from newsletter.kit import faults
from newsletter.kit.clock import SteppedClock
from tests.conftest import START
from tests.sandbox.support import KEY, Running, started, until

LETTER = Letter("제목", "<p>-t-</p>", "-t-", "digest@news.example.org", "동향", "<digest.news.example.org>")
QUICK = Limits(connect=2.0, write=2.0, read=0.5, call=1.0)
NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = started(tmp_path_factory.mktemp("sandbox"))
    yield running
    running.stop()


@pytest.fixture
def transport(sandbox: Running) -> Iterator[SendGridTransport]:
    one = SendGridTransport(KEY, f"http://127.0.0.1:{sandbox.port}", 4, SteppedClock(START), QUICK)
    yield one
    one.close()
    sandbox.api("faults", method="DELETE")


_attempts = iter(range(1, 10_000))


def a_message(readers: int = 2, html: str = "<p>-t-</p>") -> Message:
    attempt = f"{next(_attempts):032x}"
    people = tuple(
        Recipient(n, f"reader{n}@example.com", "", {"-t-": "v"}, f"https://news.example.org/u/{n}")
        for n in range(1, readers + 1)
    )
    return Message(replace(LETTER, html=html), people, 7, attempt, NOW)


def is_journalled(sandbox: Running, message: Message) -> bool:
    return any(message.attempt_id in line["attempt_ids"] for line in sandbox.journal())


def after(sandbox: Running, fault: str | dict[str, Any]) -> None:
    sandbox.api("faults", {"script": [fault]})


def test_an_acceptance_has_the_id_under_which_the_provider_keeps_it(
    sandbox: Running, transport: SendGridTransport
) -> None:
    message = a_message()
    outcome = transport.submit(message)
    assert outcome == Outcome(WireClass.ACCEPTED, outcome.message_id, 202)
    assert outcome.message_id in {line["message_id"] for line in sandbox.journal()}
    assert is_journalled(sandbox, message)


@pytest.mark.parametrize(
    ("fault", "wire"),
    [
        ("400", WireClass.REFUSED),
        ("413", WireClass.REFUSED),
        ("401-key", WireClass.REFUSED_ACCOUNT),
        ("401-credits", WireClass.REFUSED_ACCOUNT),
        ("403", WireClass.REFUSED_ACCOUNT),
        ("404", WireClass.REFUSED_OURS),
        ("405", WireClass.REFUSED_OURS),
        ("429", WireClass.THROTTLED),
        ("301", WireClass.REFUSED_CONFIGURATION),
        ("303", WireClass.REFUSED_CONFIGURATION),
        ("408", WireClass.UNKNOWN),
        ("500", WireClass.UNKNOWN),
        ("502", WireClass.UNKNOWN),
        ("503", WireClass.UNKNOWN),
        ("html-400", WireClass.UNKNOWN),
        ("html-502", WireClass.UNKNOWN),
        ("200", WireClass.UNKNOWN),
        ("no-id", WireClass.UNKNOWN),
        ("close", WireClass.UNKNOWN),
        ("stall", WireClass.UNKNOWN),
        ("truncated", WireClass.UNKNOWN),
        ("garbage", WireClass.UNKNOWN),
    ],
)
def test_each_answer_is_what_the_table_says_and_nothing_was_taken(
    sandbox: Running, transport: SendGridTransport, fault: str, wire: WireClass
) -> None:
    after(sandbox, fault)
    message = a_message()
    outcome = transport.submit(message)
    assert outcome.wire is wire, outcome
    assert not is_journalled(sandbox, message)
    assert transport.submit(a_message()).wire is WireClass.ACCEPTED  # and the transport is none the worse for it


@pytest.mark.parametrize("fault", ["close", "stall", "500", "502", "503", "truncated", "garbage", "no-id", "408"])
def test_what_was_taken_before_the_answer_failed_is_unknown_and_never_called_not_sent(
    sandbox: Running, transport: SendGridTransport, fault: str
) -> None:
    """R-20, each once."""
    after(sandbox, f"accept-{fault}")
    message = a_message()
    assert transport.submit(message).wire is WireClass.UNKNOWN
    assert is_journalled(sandbox, message)


def test_a_refusal_that_names_a_reader_says_which(sandbox: Running, transport: SendGridTransport) -> None:
    after(sandbox, {"kind": "400-row", "row": 1})
    assert transport.submit(a_message(3)).named == (1,)


def test_a_429_with_a_time_is_told_on(sandbox: Running, transport: SendGridTransport) -> None:
    after(sandbox, {"kind": "429", "retry_after": "30"})
    assert transport.submit(a_message()).retry_at == START + timedelta(seconds=30)
    after(sandbox, "429")
    assert transport.submit(a_message()).retry_at is None


def test_a_redirect_is_never_followed(sandbox: Running, transport: SendGridTransport) -> None:
    before = sandbox.api("stats")["since_start"]
    for fault in ("301", "303"):
        after(sandbox, fault)
        transport.submit(a_message())
    now = sandbox.api("stats")["since_start"]
    assert now.get("followed", 0) == before.get("followed", 0)


def test_a_connection_closed_while_idle_is_replaced_before_anything_is_written(
    sandbox: Running, transport: SendGridTransport
) -> None:
    after(sandbox, {"kind": "idle-close", "seconds": 0.05})
    assert transport.submit(a_message()).wire is WireClass.ACCEPTED
    time.sleep(0.3)
    assert transport.submit(a_message()).wire is WireClass.ACCEPTED


def test_a_body_cut_by_the_peer_is_not_sent(sandbox: Running, transport: SendGridTransport) -> None:
    """The body is beyond the socket buffers, so that the cut shows."""
    after(sandbox, "cut-body")
    message = a_message(html="<p>" + "x" * 20_000_000 + "</p>")
    assert transport.submit(message).wire is WireClass.NOT_SENT
    assert not is_journalled(sandbox, message)


def test_an_answer_to_a_body_that_was_cut_is_not_believed() -> None:
    """A 202 that came before the body did is no acceptance; httpx hides the failed write, and the trace tells."""

    def hasty(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 0\r\n\r\n")

    with peer(hasty) as port:
        transport = SendGridTransport(KEY, f"http://127.0.0.1:{port}", 1, SteppedClock(START), QUICK)
        outcome = transport.submit(a_message(html="<p>" + "x" * 20_000_000 + "</p>"))
    transport.close()
    assert outcome.wire in {WireClass.UNKNOWN, WireClass.NOT_SENT}


def test_nobody_listening_is_not_sent() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _submits(f"http://127.0.0.1:{port}", WireClass.NOT_SENT)


def test_a_peer_without_tls_is_not_sent() -> None:
    """R-34's kind: nothing of the request leaves before the handshake is done."""
    with peer(lambda connection: connection.sendall(b"HTTP/1.1 202 Accepted\r\n\r\n")) as port:
        _submits(f"https://127.0.0.1:{port}", WireClass.NOT_SENT)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Le",
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 10\r\n\r\nhalf",
        b'HTTP/1.1 400 Bad Request\r\nContent-Length: 900\r\n\r\n{"errors": [',
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x00\x00",
        b"HTTP/1.1 400 No\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000,
        b"SMTP hello\r\n",
        b"HTTP/1.1 400 No\r\n" + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 11\r\n\r\nnot json...",
    ],
    ids=[
        "fin",
        "half-status",
        "half-headers",
        "half-202",
        "half-json",
        "gzip",
        "1mb",
        "not-http",
        "1mb-header",
        "text",
    ],
)
def test_a_malformed_answer_is_unknown_and_nothing_escapes(answer: bytes) -> None:
    """R-33: read cap 64 KB, no exception."""

    def reply(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    with peer(reply) as port:
        _submits(f"http://127.0.0.1:{port}", WireClass.UNKNOWN)


def test_an_answer_that_never_ends_does_not_hold_a_lane() -> None:
    def trickle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 400 No\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(300):
            connection.sendall(b"x")
            time.sleep(0.02)

    class Ticking(SteppedClock):
        def elapsed(self) -> float:
            return time.monotonic()

    with peer(trickle) as port:
        started_at = time.monotonic()
        _submits(f"http://127.0.0.1:{port}", WireClass.UNKNOWN, Ticking(START))
        assert time.monotonic() - started_at < 4


@pytest.mark.parametrize(
    ("point", "wire", "is_taken"),
    [("08", WireClass.NOT_SENT, False), ("09", WireClass.NOT_SENT, False), ("10", WireClass.UNKNOWN, True)],
)
def test_an_exception_on_the_way_out_is_judged_by_whether_the_body_left(
    sandbox: Running,
    transport: SendGridTransport,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    wire: WireClass,
    is_taken: bool,
) -> None:
    """reliability.md, section 4: a living worker knows about FP08 and FP09; from FP10 on nobody does."""
    monkeypatch.setattr(faults, "_fault", faults.parse(f"{point}:raise"))
    monkeypatch.setattr(faults, "_visits", Counter())
    message = a_message()
    assert transport.submit(message).wire is wire
    if is_taken:
        until(lambda: is_journalled(sandbox, message))
    else:
        assert not is_journalled(sandbox, message)


def test_an_unknown_key_is_refused_by_the_stand_in(sandbox: Running) -> None:
    stranger = SendGridTransport("SG.wrong", f"http://127.0.0.1:{sandbox.port}", 1, SteppedClock(START), QUICK)
    assert stranger.submit(a_message()).wire is WireClass.REFUSED_ACCOUNT
    stranger.close()


def test_lanes_share_kept_connections(sandbox: Running, transport: SendGridTransport) -> None:
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(transport.submit(a_message()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [one.wire for one in outcomes] == [WireClass.ACCEPTED] * 8
    assert len({one.message_id for one in outcomes}) == 8


def _submits(host: str, wire: WireClass, clock: SteppedClock | None = None) -> None:
    transport = SendGridTransport(KEY, host, 1, clock or SteppedClock(START), QUICK)
    outcome = transport.submit(a_message())
    transport.close()
    assert outcome.wire is wire, outcome
    assert "@" not in (outcome.detail or "")


def read_request(connection: socket.socket) -> None:
    """The whole of it: a peer that answers earlier and closes has cut the body, which is another row of the table."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += connection.recv(65_536)
    head, _, body = seen.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    assert found is not None
    left = int(found[1]) - len(body)
    while left > 0:
        left -= len(connection.recv(65_536))


@contextmanager
def peer(reply: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server for one connection that does what it likes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
                with connection:
                    reply(connection)
            except OSError:
                return  # the client has left, which is what some of these tests are about

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(10)
