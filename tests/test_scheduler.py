"""The clock: the table of jobs as ticks that are neither lost nor piled up."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

import scheduler
from newsletter.bootstrap import open_product
from newsletter.jobs.product import Product
from newsletter.jobs.regular import JOBS
from newsletter.kit.log import configure
from newsletter.settings import Settings


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    parts = open_product(Settings(state_dir=tmp_path))
    yield parts
    parts.close()


@contextmanager
def log() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    stream = io.StringIO()
    configure(as_json=True, stream=stream)
    try:
        yield stream
    finally:
        structlog.configure(**before)


def test_every_job_of_the_table_ticks_as_often_as_it_says(product: Product) -> None:
    built = scheduler.build(product)
    assert {job.id: job.trigger.interval.total_seconds() for job in built.get_jobs()} == {
        name: job.every for name, job in JOBS.items()
    }


def test_a_late_tick_still_runs_and_missed_ones_run_once(product: Product) -> None:
    """By default APScheduler drops a job that is a second late, and makes up for each missed tick."""
    built = scheduler.build(product)
    built.start(paused=True)
    try:
        found = {(job.coalesce, job.misfire_grace_time, job.max_instances) for job in built.get_jobs()}
    finally:
        built.shutdown()
    assert found == {(True, None, 1)}


def test_a_job_that_fails_is_logged_and_ticks_on(product: Product) -> None:
    """The database has no tables: every job fails, and says so without the values it had."""
    with log() as stream:
        built = scheduler.build(product)
        built.start()
        try:
            built.modify_job("apply-events", next_run_time=product.clock.now())
            ends_at = time.monotonic() + 20
            while "job failed" not in stream.getvalue() and time.monotonic() < ends_at:
                time.sleep(0.02)
        finally:
            built.shutdown()
    assert '"job": "apply-events"' in stream.getvalue()
    assert '"error": "OperationalError"' in stream.getvalue()
