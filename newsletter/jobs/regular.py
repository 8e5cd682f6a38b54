"""What is done again and again: the table that the clock runs. Any job may run at any time, twice, on two machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from newsletter.campaigns import store as campaigns
from newsletter.delivery import ledger
from newsletter.errors import NotFound, StateError
from newsletter.events.inbox import apply_waiting
from newsletter.jobs.campaigns import start
from newsletter.jobs.product import Product


@dataclass(frozen=True, slots=True)
class RegularJob:
    """A job, how often it runs (seconds), and what it is for."""

    run: Callable[[Product], str]
    every: int
    purpose: str


def apply_events(product: Product) -> str:
    """Apply what the provider reported; returns what was done, in words."""
    applied = apply_waiting(product.database, product.clock)
    return f"{applied.events} events"


def start_due_campaigns(product: Product) -> str:
    """Plan and start timed campaigns whose moment has come; the state change claims each once."""
    with product.database.read() as session:
        due = campaigns.due(session, product.clock.now())
    started = sum(_started(product, campaign_id) for campaign_id in due)
    return f"{started} campaigns started"


def expire_calls(product: Product) -> str:
    """Calls past their deadline without a result become unknown."""
    with product.database.write() as session:
        return f"{ledger.expire(session, product.clock.now())} calls unknown"


JOBS: Mapping[str, RegularJob] = {
    "apply-events": RegularJob(apply_events, 2, "apply webhook posts that wait in the inbox"),
    "start-due-campaigns": RegularJob(start_due_campaigns, 5, "plan and start campaigns whose time has come"),
    "expire-calls": RegularJob(expire_calls, 30, "settle calls whose deadline has passed as unknown"),
}


def run_job(product: Product, name: str) -> str:
    """Run one job now. Raises `NotFound` naming those there are."""
    if name not in JOBS:
        raise NotFound(f"There is no job {name!r}; there is {', '.join(JOBS)}.")
    return JOBS[name].run(product)


def _started(product: Product, campaign_id: int) -> bool:
    try:
        start(product, campaign_id)
    except StateError:  # another clock was faster
        return False
    return True
