"""The sandbox beside the demonstration: started as a program of its own, asked over HTTP, stopped by its process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from newsletter.errors import StateError

START_SECONDS = 30


class StandIn:
    """A running sandbox."""

    def __init__(self, state: Path, webhook: str, port: int) -> None:
        self._ready = state / "ready.json"
        arguments = ["--state", str(state), "--webhook", webhook, "--port", str(port), "--ready-file", str(self._ready)]
        arguments += ["--event-delay", "0", "--batch-interval", "0.2", "--end-with-input"]
        state.mkdir(parents=True, exist_ok=True)
        self._log = (state / "log").open("w", encoding="utf-8")
        self._process = subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-m", "newsletter.sandbox", *arguments],
            stdin=subprocess.PIPE,  # held open by us, so that it ends with us, even if we are killed
            stdout=self._log,
            stderr=self._log,
            env={name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_SANDBOX_")},
            start_new_session=True,
        )
        self._http = httpx.Client(timeout=60, trust_env=False)
        try:
            self.address = self._wait(state)
            self._http.base_url = self.address
            self.public_key: str = self.get("public-key")["public_key"]
        except BaseException:
            self.stop()
            raise

    def get(self, what: str) -> Any:  # noqa: ANN401 -- JSON
        """Ask its interface."""
        return self._http.get(f"/api/{what}").raise_for_status().json()

    def post(self, what: str, **said: object) -> Any:  # noqa: ANN401 -- JSON
        """Tell its interface."""
        return self._http.post(f"/api/{what}", json=said).raise_for_status().json()

    def stop(self) -> None:
        """End it, by its process."""
        self._http.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._log.close()

    def _wait(self, state: Path) -> str:
        ends_at = time.monotonic() + START_SECONDS
        while time.monotonic() < ends_at:
            if self._process.poll() is not None:
                break
            if self._ready.exists():
                return str(json.loads(self._ready.read_text(encoding="utf-8"))["address"])
            time.sleep(0.05)
        raise StateError(f"The sandbox did not start; what it said is in {state / 'log'}.")


def free_port(wanted: int) -> int:
    """That port where nobody listens on it, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StateError("No port is free on 127.0.0.1.")
