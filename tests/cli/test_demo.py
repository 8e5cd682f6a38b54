"""The demonstration: it proves what it says, and says so when it does not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from newsletter.cli.demo.figures import Figures, faults, headline

STATUS: dict[str, Any] = {
    "closes": True,
    "candidates": 10,
    "deliveries": 9,
    "excluded_at_freeze": {"nothing-matched": 1},
    "state": "finished",
    "deliveries_by_state": {"accepted": 9},
    "variants": 4,
    "requests": 5,
}
REPORT: dict[str, Any] = {"outcome": {"delivered": 8}, "opens": {"people": 3, "machines": 2, "loads": 6}}
STAND_IN: dict[str, Any] = {
    "mails_by_event": {"delivered": 8, "open": 3, "machine_open": 2},
    "mails_accepted": 9,
    "addresses": 9,
    "requests_accepted": 5,
}
GOOD = Figures(STATUS, REPORT, STAND_IN, needed_requests=5, readers=10, loads=6)


def test_figures_that_add_up_have_no_fault() -> None:
    assert faults(GOOD) == []
    assert headline(GOOD) == (
        "10 readers · 4 variants · 5 requests · 9 accepted · 8 delivered · opened by 3 people / 2 machines"
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(GOOD, status=STATUS | {"closes": False}), "the sums close"),
        (replace(GOOD, readers=11), "every reader is a candidate"),
        (replace(GOOD, status=STATUS | {"excluded_at_freeze": {}}), "candidates = deliveries + exclusions"),
        (replace(GOOD, status=STATUS | {"state": "sending"}), "the campaign is finished"),
        (replace(GOOD, status=STATUS | {"deliveries_by_state": {"accepted": 8}}), "every delivery was accepted"),
        (replace(GOOD, stand_in=STAND_IN | {"mails_accepted": 8}), "one mail per delivery"),
        (replace(GOOD, stand_in=STAND_IN | {"addresses": 8}), "nobody got two"),
        (replace(GOOD, needed_requests=4), "requests ="),
        (replace(GOOD, stand_in=STAND_IN | {"requests_accepted": 6}), "requests ="),
        (replace(GOOD, report=REPORT | {"outcome": {"delivered": 7}}), "delivered, as"),
        (replace(GOOD, report=REPORT | {"opens": {"people": 4, "machines": 2, "loads": 6}}), "people who opened"),
        (replace(GOOD, report=REPORT | {"opens": {"people": 3, "machines": 1, "loads": 6}}), "machines that opened"),
        (replace(GOOD, loads=7), "image loads"),
    ],
)
def test_a_figure_that_does_not_is_named(wrong: Figures, says: str) -> None:
    assert any(says in what for what in faults(wrong))


def test_the_demonstration_ends_well_and_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "newsletter", "demo", "--exit"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("1,000 readers · ")
    assert "Traceback" not in done.stderr
    assert not listens(tmp_path / "state" / "demo" / "sandbox" / "ready.json")
    log = (tmp_path / "state" / "demo" / "log").read_text(encoding="utf-8")
    assert "request" in log
    for personal in ("@example.com", "/u/A", "/p/A", "/m/A", "/c/A"):
        assert personal not in log, "no address and no token stands in the log"


def test_the_sandbox_ends_with_who_started_it_even_by_sigkill(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from newsletter.cli.demo.stand_in import StandIn;"
        "it = StandIn(Path(sys.argv[1]), 'http://127.0.0.1:1/', 0); print('ready', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        assert listens(tmp_path / "ready.json")
        owner.kill()
    ends_at = time.monotonic() + 20
    while listens(tmp_path / "ready.json"):
        assert time.monotonic() < ends_at, "the sandbox outlived its owner"
        time.sleep(0.05)


def listens(ready: Path) -> bool:
    """Whether the sandbox that wrote this file still takes connections."""
    port = json.loads(ready.read_text(encoding="utf-8"))["port"]
    with socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_demonstration_empties_no_directory_of_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "state" / "demo").mkdir(parents=True)
    (tmp_path / "state" / "demo" / "precious").touch()
    command = [sys.executable, "-m", "newsletter", "demo", "--exit"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Move it away" in done.stderr
    assert (tmp_path / "state" / "demo" / "precious").exists()
