"""R-01, the part of every run: kill -9 at each fault point of a send, on SQLite, with the journal as the oracle."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from newsletter.campaigns.models import Campaign
from newsletter.campaigns.states import CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.ledger import Action
from newsletter.delivery.models import Batch, Request
from newsletter.delivery.states import BatchState
from newsletter.kit.clock import SystemClock
from tests.delivery.sending_program import main
from tests.delivery.world import Plan, broken_invariants, people, planned, states
from tests.sandbox.support import Running, started, until

MAY_LEAVE_UNKNOWN = {"07", "08", "09", "10", "11", "12", "13"}
WAS_TAKEN = {"10", "11", "12", "13"}
READERS = 35


@dataclass
class Scene:
    """A planned campaign of five batches of seven, and the stand-in that takes its mail."""

    path: Path
    sandbox: Running
    journal_start: int
    campaign_id: int = 1

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def arguments(self) -> tuple[str, str, str]:
        return self.url, str(self.sandbox.port), str(self.path.with_suffix(".lock"))

    def send_and_die(self, fault: str) -> int:
        program = [sys.executable, "-m", "tests.delivery.sending_program", *self.arguments]
        environment = {**os.environ, "NEWSLETTER_FAULT": fault}
        return subprocess.run(program, env=environment, check=False, capture_output=True, timeout=60).returncode

    def send(self) -> None:
        main(*self.arguments)

    def lines(self) -> list[dict[str, Any]]:
        return self.sandbox.journal()[self.journal_start :]

    def journal(self) -> list[tuple[str, int]]:
        """(attempt, position) of every copy that was taken."""
        return [
            (line["attempt_ids"][0], int(one["custom_args"]["nl_delivery_id"].partition("-")[2]))
            for line in self.lines()
            for one in line["personalizations"]
        ]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = started(tmp_path_factory.mktemp("sandbox"), "--keep", "journal")
    yield running
    running.stop()


@pytest.fixture
def scene(tmp_path: Path, sqlite_template: Path, sandbox: Running) -> Scene:
    path = tmp_path / "newsletter.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        planned(session, Plan(people=people(READERS, selections=5)), SystemClock().now())
    database.dispose()
    return Scene(path, sandbox, len(sandbox.journal()))


@pytest.mark.parametrize("point", ["03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16"])
def test_nobody_is_lost_or_doubled_when_the_process_is_killed(scene: Scene, point: str) -> None:
    visit = 1 if point in {"03", "04", "16"} else 3
    assert scene.send_and_die(f"{point}:kill@{visit}") == -9
    database = Database(scene.url)
    if point in WAS_TAKEN:
        until(lambda: len(scene.lines()) == 3)  # the peer may still be writing what it took
    scene.send()
    found = states(database, scene.campaign_id)
    assert found[BatchState.UNKNOWN] == (point in MAY_LEAVE_UNKNOWN), found
    assert broken_invariants(database, scene.journal(), scene.campaign_id) == []
    settle(database, {attempt for attempt, _ in scene.journal()})
    scene.send()
    assert broken_invariants(database, scene.journal(), scene.campaign_id) == []
    assert Counter(position for _, position in scene.journal()) == Counter(range(1, READERS + 1))
    with database.read() as session:
        assert session.get_one(Campaign, scene.campaign_id).state is CampaignState.FINISHED
    database.dispose()


def test_sending_again_what_is_unknown_would_be_caught(scene: Scene) -> None:
    """Negative control: the retry that most senders make doubles seven readers, and the checker says so."""
    assert scene.send_and_die("12:kill@3") == -9
    database = Database(scene.url)
    with database.write() as session:
        ledger.recover(session, SystemClock().now())
        batch = session.exec(select(Batch).where(Batch.state == BatchState.UNKNOWN)).one()
        batch.state = BatchState.READY
        session.add(batch)
    scene.send()
    assert len([fault for fault in broken_invariants(database, scene.journal(), 1) if fault.startswith("I1")]) == 7
    database.dispose()


def test_a_second_process_refuses_while_one_is_sending(scene: Scene) -> None:
    """R-46, with real processes."""
    program = [sys.executable, "-m", "tests.delivery.sending_program", *scene.arguments]
    slow = subprocess.Popen(program, env={**os.environ, "NEWSLETTER_FAULT": "07:sleep=3"})
    until(lambda: _is_calling(scene))
    second = subprocess.run(program, check=False, capture_output=True, timeout=60)
    assert second.returncode == 1
    assert b"Another process is sending" in second.stderr
    assert slow.wait(60) == 0


def _is_calling(scene: Scene) -> bool:
    database = Database(scene.url)
    try:
        return states(database, scene.campaign_id)[BatchState.CALLING] == 1
    finally:
        database.dispose()


def settle(database: Database, taken: set[str]) -> None:
    """What events and a person would do: evidence where the provider took it, else a decision to send again."""
    now = SystemClock().now()
    with database.write() as session:
        for batch in session.exec(select(Batch).where(Batch.state == BatchState.UNKNOWN)).all():
            assert batch.id is not None
            attempts = session.exec(select(Request.attempt_id).where(Request.batch_id == batch.id)).all()
            proved = [attempt for attempt in attempts if attempt in taken]
            if proved:
                assert ledger.evidence(session, proved[0], now, "event")
            else:
                ledger.resolve(session, batch.id, Action.RESEND, "admin:1", "not in the provider's log", now)
