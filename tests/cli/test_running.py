"""The commands that keep running: two at once, failing lanes, and being asked to stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from socket import socket

import httpx
import pytest

from newsletter.bootstrap import open_product
from newsletter.cli.running import Background
from newsletter.cli.sample_readers import write_sample_readers
from newsletter.delivery.runners.local import sole
from newsletter.delivery.transports.base import Transport
from newsletter.jobs import campaigns, issues, lists, readers
from newsletter.jobs.campaigns import NewCampaign
from newsletter.jobs.issues import Readying
from newsletter.jobs.lists import NewList
from newsletter.jobs.planning import plan
from newsletter.jobs.product import Product
from newsletter.jobs.readers import FileImport
from newsletter.migrations import run as migrations
from newsletter.settings import Settings, TransportName
from subscribers.models import ListKind

SAMPLE = Path(__file__).parent.parent.parent / "newsletter" / "sample" / "trend-briefing-2026-18.txt"
ISSUE = "2026-18"
READERS = 12


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with a campaign of twelve readers, planned, one reader a request."""
    state = tmp_path_factory.mktemp("planned") / "state"
    product = open_product(Settings(state_dir=state, transport=TransportName.FILE, batch_size=1))
    migrations.upgrade(product.database)
    lists.create(product, NewList("digest", "브리핑", "Briefing", ListKind.INFORMATION))
    write_sample_readers(state / "readers.csv", READERS, 3)
    readers.import_file(product, None, FileImport(state / "readers.csv"))
    issues.import_issue(product, SAMPLE, None)
    issues.make_ready(product, ISSUE, Readying(accept_suggestions=True))
    campaigns.create(product, NewCampaign(ISSUE))
    plan(product, 1)
    product.close()
    return state


@pytest.fixture
def environment(planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own with that campaign; mails go into files, slowly."""
    shutil.copytree(planned, tmp_path / "state")
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "STATE_DIR": str(tmp_path / "state"),
        "TRANSPORT": "file",
        "FILE_TRANSPORT_DIR": str(tmp_path / "outbox"),
        "LANES": "2",
        "RATE_PER_SECOND": "4",
    }.items():
        monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    return tmp_path


@pytest.fixture
def product(environment: Path) -> Iterator[Product]:
    parts = open_product(Settings.load())
    yield parts
    parts.close()


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command; whatever still runs in the end is ended."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str, **settings: str) -> subprocess.Popen[str]:
        env = os.environ | {f"NEWSLETTER_{name.upper()}": value for name, value in settings.items()}
        process = subprocess.Popen(command(*words), env=env, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "newsletter", *words]


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    ends_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.02)


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=1).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_the_call_under_way_and_leaves_nothing_unknown(
    product: Product, started: Callable[..., subprocess.Popen[str]], signum: signal.Signals
) -> None:
    """R-03, with a call that takes two seconds."""
    campaigns.start(product, 1)
    running = started("up", "--port", str(free_port()), fault="12:sleep=2")

    def is_calling() -> bool:
        return bool(campaigns.status_json(campaigns.status(product, 1))["requests"])

    until(is_calling)
    time.sleep(0.3)
    running.send_signal(signum)
    running.send_signal(signum)
    assert running.wait(25) == 0
    found = campaigns.status(product, 1)
    assert found.sums.closes
    states = campaigns.status_json(found)["batches_by_state"]
    assert isinstance(states, dict)
    assert set(states) <= {"accepted", "ready"}
    assert states["accepted"] >= 1


def test_the_site_alone_stops_in_good_order(environment: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    port = free_port()
    running = started("serve", "--port", str(port))
    until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
    running.terminate()
    assert running.wait(10) == 0


def test_a_second_sender_is_refused_in_one_sentence(product: Product, environment: Path) -> None:
    with sole(environment / "state" / "sending.lock"):
        done = subprocess.run(
            command("up", "--port", str(free_port())), capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: Another process is sending already")
    assert done.stderr.count("\n") == 1


def test_lanes_that_fail_are_started_anew(product: Product) -> None:
    failures = iter([OSError("the first time")])

    def moody() -> Transport:
        for failure in failures:
            raise failure
        return product.open_transport()

    campaigns.start(product, 1)
    with Background(replace(product, open_transport=moody), again=0.05):
        until(lambda: campaigns.status(product, 1).campaign.state == "finished")
    assert next(failures, None) is None, "it never failed, so nothing was shown"


def test_the_sandbox_takes_the_place_of_the_command(
    environment: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    """What ends the command ends the sandbox: no server is left behind."""
    ready = environment / "ready.json"
    running = started("sandbox", "--port", "0", "--state", "sandbox", "--ready-file", str(ready))
    until(ready.exists)
    assert json.loads(ready.read_text(encoding="utf-8"))["pid"] == running.pid
    running.terminate()
    assert running.wait(10) in {0, -signal.SIGTERM}


def test_the_sandbox_explains_its_own_options() -> None:
    done = subprocess.run(command("sandbox", "--help"), capture_output=True, text=True, check=False)
    assert "--event-delay" in done.stdout
