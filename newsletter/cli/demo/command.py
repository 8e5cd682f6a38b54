"""The steps of the demonstration, in the order in which a publisher would take them."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from newsletter.analytics.report import report
from newsletter.bootstrap import open_product
from newsletter.cli.demo.figures import Figures, faults, headline
from newsletter.cli.demo.stand_in import StandIn, free_port
from newsletter.cli.output import out, progress, say, show, show_error, show_table
from newsletter.cli.running import Background, site_server
from newsletter.cli.sample_readers import write_sample_readers
from newsletter.errors import StateError
from newsletter.ingest.report import figures as figures_of
from newsletter.jobs import campaigns, issues, lists, readers
from newsletter.jobs.campaigns import NewCampaign
from newsletter.jobs.issues import Readying
from newsletter.jobs.lists import NewList
from newsletter.jobs.planning import Planned, plan
from newsletter.jobs.product import Product
from newsletter.jobs.readers import FileImport
from newsletter.jobs.regular import apply_events
from newsletter.kit.log import configure
from newsletter.migrations import run as migrations
from newsletter.settings import Settings, TransportName
from subscribers.models import ListKind

READERS = 1_000
SELECTIONS = 60
BATCH_SIZE = 50
"""Small, so that a thousand readers make enough requests to be worth watching."""
LIST = "digest"
STATE = Path("state") / "demo"
SETTLE_SECONDS = 120
LOOK_SECONDS = 4
"""Between delivery and the first look: an image loaded at once is taken for a machine's, and rightly."""
CROWD = {"opens": 0.55, "machine_opens": 0.2, "clicks": 0.1, "seed": 7}


def demo(
    ends: Annotated[
        bool, typer.Option("--exit", help="End after the figures; exit code 0 only if all add up.")
    ] = False,
    issue: Annotated[Path | None, typer.Option(help="Your own issue instead of the sample.")] = None,
    port: Annotated[int, typer.Option(help="Port of the site, if it is free.")] = 8000,
) -> None:
    """From nothing to a delivered issue: sample issue, 1,000 sample readers, a SendGrid stand-in, events back."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox ends with us
    with ExitStack() as stack:
        stage = stack.enter_context(_stage(port))
        figures = _Demonstration(stage).run(issue or _sample_issue())
        show("")
        show(headline(figures))
        wrong = faults(figures)
        for what in wrong:
            show_error(f"this does not hold: {what}")
        if ends:
            raise typer.Exit(1 if wrong else 0)
        show("")
        show(f"Start here: {stage.stand_in.address}  (every reader's inbox)")
        say(f"The site: {stage.product.settings.base_url}")
        say("Ctrl-C ends it.")
        _wait_for_ctrl_c()


@dataclass(frozen=True, slots=True)
class _Stage:
    """The product, its site and the sandbox, all running."""

    product: Product
    stand_in: StandIn
    state: Path


@contextmanager
def _stage(port: int) -> Iterator[_Stage]:
    """Everything from nothing, in a directory of its own, and stopped again in the end."""
    state = _fresh(STATE)
    site_port = free_port(port)
    site = f"http://127.0.0.1:{site_port}"
    with ExitStack() as stack:
        configure(as_json=False, stream=stack.enter_context((state / "log").open("w", encoding="utf-8")))
        stand_in = StandIn(state / "sandbox", f"{site}/webhooks/sendgrid", free_port(8025))
        stack.callback(stand_in.stop)
        product = open_product(
            Settings(
                state_dir=state,
                base_url=site,
                transport=TransportName.SANDBOX,
                sandbox_url=stand_in.address,
                sendgrid_webhook_public_keys=stand_in.public_key,
                database_url=SecretStr(f"sqlite:///{(state / 'newsletter.sqlite').absolute()}"),
                from_email="digest@example.com",
                postal_address="1 Sample Street, Seoul",
                phone="+82-2-000-0000",
                batch_size=BATCH_SIZE,
                rate_per_second=500,
            )
        )
        stack.callback(product.close)
        migrations.upgrade(product.database)
        stack.enter_context(_serving(product, site_port))
        stack.enter_context(Background(product))
        yield _Stage(product, stand_in, state)


@contextmanager
def _serving(product: Product, port: int) -> Iterator[None]:
    server = site_server(product, "127.0.0.1", port)
    thread = threading.Thread(target=server.run, name="site", daemon=True)
    thread.start()
    _wait_until(lambda: server.started, "the site to start", 30)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


class _Demonstration:
    """The steps, each saying what it does."""

    def __init__(self, stage: _Stage) -> None:
        self._product, self._stand_in, self._state = stage.product, stage.stand_in, stage.state
        self._loads = 0

    def run(self, issue: Path) -> Figures:
        key = self._bring_in(issue)
        self._invite()
        planned = self._plan(key)
        self._send(planned.campaign_id)
        self._let_them_read()
        return self._figures(planned)

    def _bring_in(self, issue: Path) -> str:
        lists.create(self._product, NewList(LIST, "기술 동향 브리핑", "Technology Briefing", ListKind.INFORMATION))
        imported = issues.import_issue(self._product, issue, LIST)
        content = imported.stored.content
        say(f"· {figures_of(content)}")
        issues.make_ready(self._product, content.key, Readying(accept_suggestions=True, accept_new=True))
        return content.key

    def _invite(self) -> None:
        path = self._state / "readers.csv"
        write_sample_readers(path, READERS, SELECTIONS)
        with progress() as bar:
            done = readers.import_file(self._product, LIST, FileImport(path), bar)
        say(f"· {done.row_count:,} sample readers with {SELECTIONS} different selections ({path})")

    def _plan(self, key: str) -> Planned:
        campaign = campaigns.create(self._product, NewCampaign(key))
        assert campaign.id is not None
        with progress() as bar:
            planned = plan(self._product, campaign.id, bar)
        frozen = planned.frozen
        say(f"· plan: {frozen.deliveries:,} readers → {planned.variants:,} variants → {frozen.batches:,} requests")
        for reason, count in frozen.excluded.items():
            say(f"    excluded, {reason}: {count:,}")
        return planned

    def _send(self, campaign_id: int) -> None:
        campaigns.start(self._product, campaign_id)

        def finished() -> bool:
            found = campaigns.status(self._product, campaign_id)
            bar("sending", found.sums.deliveries - found.sums.unsettled, found.sums.deliveries)
            return found.campaign.state == "finished"

        with progress() as bar:
            _wait_until(finished, "the campaign to finish", SETTLE_SECONDS)
        say("· sent; the sandbox took every request, and its events come back signed")

    def _let_them_read(self) -> None:
        self._events_are_in()
        time.sleep(LOOK_SECONDS)
        deeds = self._stand_in.post("opens", **CROWD)
        self._loads = deeds["images_loaded"]
        self._events_are_in()
        say("· some of the readers have looked, and so have machines")

    def _events_are_in(self) -> None:
        """Everything the sandbox has to tell was told, and is applied."""

        def settled() -> bool:
            self._stand_in.post("flush")
            apply_events(self._product)
            waiting = self._stand_in.get("stats")
            return not waiting["events_waiting"] and not waiting["events_unanswered"]

        _wait_until(settled, "the events to come back", SETTLE_SECONDS)
        apply_events(self._product)

    def _figures(self, planned: Planned) -> Figures:
        campaign_id = planned.campaign_id
        with self._product.database.read() as session:
            found = report(session, campaign_id)
        head, *rows = found.rows()
        short = [list(row) for row in rows if not str(row[0]).startswith("clicks by")]
        show_table("", [str(name) for name in head], short)
        status = campaigns.status_json(campaigns.status(self._product, campaign_id))
        return Figures(
            status, found.to_json(), self._stand_in.get("stats"), planned.frozen.batches, READERS, self._loads
        )


def _fresh(state: Path) -> Path:
    """The demonstration's directory, emptied; only ever one that an earlier demonstration made."""
    mark = state / "made-by-the-demo"
    if state.exists():
        if not mark.exists():
            raise StateError(f"{state.absolute()} exists and no demonstration made it. Move it away.")
        shutil.rmtree(state)
    state.mkdir(parents=True)
    mark.touch()
    return state


def _sample_issue() -> Path:
    return Path(str(files("newsletter") / "sample" / "trend-briefing-2026-18.txt"))


def _wait_until(holds: Callable[[], bool], what: str, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends_at:
            raise StateError(f"Waited {seconds:.0f} s for {what}, in vain.")
        time.sleep(0.1)


def _wait_for_ctrl_c() -> None:
    out.file.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say("Stopping.")
