"""When: runs the table of regular jobs (`newsletter.jobs.regular`) on APScheduler's ticks.

The scheduler keeps its jobs in memory and shares no store: a tick asks the database what is due, and claims it
by a conditional change there. So any number of schedulers may run; a missed tick is made up for by the next one.
Run it alone (`python scheduler.py`) or inside `newsletter up`, which finds `build` by the entry point newsletter.clock.
"""

from __future__ import annotations

import signal
import sys
import threading

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from newsletter.bootstrap import Product, open_product
from newsletter.errors import NewsletterError
from newsletter.jobs.regular import JOBS
from newsletter.kit.log import configure
from newsletter.migrations.run import require_current
from newsletter.settings import Settings

log = structlog.get_logger("scheduler")


def build(product: Product) -> BackgroundScheduler:
    """A scheduler that is not started yet.

    `coalesce`: eight missed ticks are one. `misfire_grace_time=None`: a late tick still runs; the default of one second
    would drop it.
    """
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    )
    for name, job in JOBS.items():
        scheduler.add_job(job.run, "interval", args=[product], seconds=job.every, id=name)
    scheduler.add_listener(_log_failure, EVENT_JOB_ERROR)
    return scheduler


def main() -> int:
    """Tick until SIGTERM or Ctrl-C."""
    settings = Settings.load()
    configure(as_json=settings.log_json)
    product = open_product(settings)
    require_current(product.database)
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    scheduler = build(product)
    scheduler.start()
    log.info("scheduler started", jobs=len(JOBS))
    stop.wait()
    scheduler.shutdown(wait=True)
    product.close()
    return 0


def _log_failure(event: JobExecutionEvent) -> None:
    log.error("job failed", job=event.job_id, error=type(event.exception).__name__)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NewsletterError as error:
        sys.exit(f"error: {error}")
