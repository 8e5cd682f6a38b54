"""A running stand-in, a webhook that listens, and messages to post: shared by the tests of this directory."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx

KEY: Final = "SG.tests"
PATIENCE: Final = 20.0


def message(*addresses: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - any member of a request
    """A request to these addresses (Alice by default) that breaks no rule."""
    whole: dict[str, Any] = {
        "from": {"email": "news@example.com", "name": "동향"},
        "subject": "Hello -name-",
        "content": [
            {"type": "text/plain", "value": "Hi -name-"},
            {"type": "text/html", "value": "<html><head></head><body><p>Hi -name_h-</p></body></html>"},
        ],
        "custom_args": {"nl_attempt_id": "attempt-1"},
        "personalizations": [personal(address, n) for n, address in enumerate(addresses or ("alice@example.com",))],
    }
    return {**whole, **members}


def personal(address: str, number: int = 0, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """One personalization that breaks no rule."""
    whole = {
        "to": [{"email": address}],
        "substitutions": {"-name-": "Alice", "-name_h-": "Alice &amp; Co"},
        "custom_args": {"nl_delivery_id": f"delivery-{number}"},
        "headers": {"List-Unsubscribe": "<https://example.com/u/1>"},
    }
    return {**whole, **members}


@dataclass(slots=True)
class Running:
    """A stand-in in its own process."""

    process: "subprocess.Popen[bytes]"
    state: Path
    port: int
    http: httpx.Client

    def send(self, body: dict[str, Any] | bytes, **headers: str) -> httpx.Response:
        """Post a message with the right key."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        return self.http.post("/v3/mail/send", content=raw, headers={**known, **headers})

    def api(self, path: str, body: dict[str, Any] | None = None, *, method: str | None = None) -> dict[str, Any]:
        """Ask the JSON interface; any answer but a 200 is a failure of the test."""
        answer = self.http.request(method or ("GET" if body is None else "POST"), f"/api/{path}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def journal(self) -> list[dict[str, Any]]:
        """What it has accepted, read from the file by a stranger."""
        return [json.loads(line) for line in (self.state / "journal.jsonl").read_bytes().splitlines()]

    def kill(self) -> None:
        """As a power cut would, as far as the process is concerned."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """In good order; its exit code."""
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(PATIENCE)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def connect(self) -> socket.socket:
        """A raw connection, for looking at the wire."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


def started(state: Path, *arguments: str, program: tuple[str, ...] = ("-m", "newsletter.sandbox")) -> Running:
    """Start a stand-in on a free port and wait until it listens."""
    ready = state / "ready.json"
    state.mkdir(parents=True, exist_ok=True)
    ready.unlink(missing_ok=True)
    fixed = ("--port", "0", "--state", str(state), "--ready-file", str(ready), "--api-key", KEY, "--event-delay", "0")
    process = subprocess.Popen([sys.executable, *program, *fixed, *arguments], stdout=subprocess.PIPE, env=os.environ)
    until(lambda: ready.exists() or process.poll() is not None)
    assert process.poll() is None, "the stand-in ended at its start"
    port = json.loads(ready.read_bytes())["port"]
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False)
    return Running(process, state, port, client)


def until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds; a failure of the test when it never does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "this never came to hold"
        time.sleep(0.02)


def request_bytes(body: bytes, *, connection: str = "keep-alive") -> bytes:
    """A whole request as it stands on the wire."""
    head = (
        f"POST /v3/mail/send HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: {connection}\r\n\r\n"
    )
    return head.encode() + body


def everything(peer: socket.socket) -> bytes:
    """All bytes until the other side closes. Raises ConnectionResetError when it resets."""
    parts = []
    while part := peer.recv(65_536):
        parts.append(part)
    return b"".join(parts)


@dataclass(slots=True)
class Post:
    """One post to the webhook."""

    body: bytes
    headers: dict[str, str]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it."""
        found: list[dict[str, Any]] = json.loads(self.body)
        return found


@dataclass(slots=True)
class Receiver:
    """A webhook that keeps what it gets and answers from `answers`, then 200."""

    answers: list[int] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        """Where events go."""
        return f"http://127.0.0.1:{self.port}/webhooks/sendgrid"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events so far, in the order in which they came."""
        return [event for post in self.posts for event in post.events]

    def kinds(self, address: str) -> list[str]:
        """What has been told about one address."""
        return [event["event"] for event in self.events if event.get("email") == address]


def listening() -> Iterator[Receiver]:
    """A receiver on a free port, for as long as a fixture lasts."""
    receiver = Receiver()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.append(Post(body, dict(self.headers.items())))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the signature of the base class
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
