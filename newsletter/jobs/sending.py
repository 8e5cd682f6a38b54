"""Send what is due on this machine, and decide about what nobody knows."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from newsletter.delivery import ledger
from newsletter.delivery.compose import Composer, Sender
from newsletter.delivery.ledger import Action
from newsletter.delivery.rate import Rate
from newsletter.delivery.runners.local import LocalRunner, Rest, Watch, sole
from newsletter.delivery.sender import Desk, Did, Step
from newsletter.errors import InputError, StateError
from newsletter.jobs.product import Product, Progress, silent


def send_until_idle(product: Product, campaign_id: int, progress: Progress = silent) -> Rest:
    """Send one campaign in this process until nothing is left that is due. Ctrl-C and SIGTERM end it between calls.

    Raises `StateError` when another process is sending already, or when the provider stopped us.
    """
    with product.database.read() as session:
        sums = ledger.sums(session, campaign_id)
    done, total = sums.deliveries - sums.unsettled, sums.deliveries

    def watch(step: Step) -> None:
        nonlocal done
        if step.did is Did.CALLED:
            done += step.readers
            progress("sending", min(done, total), total)

    progress("sending", done, total)
    with runner(product, watch) as lanes, _asked_to_stop() as stop:
        rest = lanes.run_until_idle(stop, campaign_id)
    if rest.why == "stopped":
        raise StateError(_stopped(product))
    return rest


@contextmanager
def runner(product: Product, watch: Watch | None = None) -> Iterator[LocalRunner]:
    """This machine's lanes; the transport is closed afterwards."""
    settings = product.settings
    transport = product.open_transport()
    desk = Desk(
        database=product.database,
        transport=transport,
        composer=Composer(Sender.of(settings), product.keys),
        clock=product.clock,
        worker=f"{socket.gethostname()[:40]}:{os.getpid()}",
        rate=Rate(settings.rate_per_second),
        call_deadline=timedelta(seconds=settings.call_deadline),
    )
    try:
        yield LocalRunner(desk, settings.lanes, lock_path(product), watch)
    finally:
        transport.close()


def require_alone(product: Product) -> None:
    """Raise `StateError` where another process of this machine is sending."""
    with sole(lock_path(product)):
        return


def lock_path(product: Product) -> Path:
    """The file whose lock the one sending process of this machine holds."""
    return product.settings.state_dir / "sending.lock"


def resolve(product: Product, batch_id: int, action: str, note: str, actor: str = "command line") -> None:
    """Record one decision about an unknown batch. Raises `InputError` for an action that is none."""
    try:
        chosen = Action(action)
    except ValueError as error:
        raise InputError(f"{action!r} is no decision: say {' or '.join(Action)}.") from error
    with product.database.write() as session:
        ledger.resolve(session, batch_id, chosen, actor, note, product.clock.now())


def _stopped(product: Product) -> str:
    transport = product.open_transport()
    try:
        with product.database.read() as session:
            found = ledger.provider(session, transport.name)
    finally:
        transport.close()
    return (
        f"The provider refuses us: {found.stopped_reason}. Put that right (key, credits, sender), "
        "then `newsletter campaign resume` and `send`."
    )


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set; outside the main thread signals are somebody else's."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {signum: signal.signal(signum, lambda *_: stop.set()) for signum in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
