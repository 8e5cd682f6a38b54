"""Posts events to the webhook: batched by time or size, signed, tried again with growing gaps until taken."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Final

import httpx
import orjson

from newsletter.sandbox import clock
from newsletter.sandbox.chance import FRESH, drawn_for, happens
from newsletter.sandbox.events import drawn_id
from newsletter.sandbox.framing import MAX_BATCH, framed
from newsletter.sandbox.signing import Signer, fresh
from newsletter.sandbox.store import Batch, Store
from newsletter.sandbox.switches import Switches

GIVE_UP_AFTER: Final = 24 * 3600.0
LONGEST_GAP: Final = 3600.0
SHORTEST_GAP: Final = 0.05
HEADERS: Final = {
    "User-Agent": "SendGrid Event API",
    "Content-Type": "application/json;charset=utf-8",
    "Accept-Encoding": "gzip",
}


@dataclass(slots=True)
class Tally:
    """What the receiver answered so far. A forged post that was accepted is a fault of the receiver."""

    posts_taken: int = 0
    posts_refused: int = 0
    forged_refused: int = 0
    forged_accepted: int = 0
    given_up: int = 0
    last_answer: str = ""


@dataclass(slots=True)
class Poster:
    """One thread that owns all posts.

    Args:
        interval: seconds between two rounds; SendGrid's own is about 30.
        switches: asked in each round, since they may change meanwhile.
        keep_events: whether told events stay visible in the inbox.
    """

    store: Store
    signer: Signer
    webhook: str
    interval: float
    switches: Callable[[], Switches]
    seed: int
    keep_events: bool = True
    tally: Tally = field(default_factory=Tally)
    _unposted: int = 0
    _stopped: bool = False
    _round: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _stranger: Signer = field(default_factory=fresh)
    _http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False, headers=HEADERS))

    def start(self) -> None:
        """Begin to post."""
        self._thread = threading.Thread(target=self._run, name="poster", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the post at hand; what waits is kept for the next start."""
        self._stopped = True
        self._wake.set()
        if self._thread:
            self._thread.join()
        self._http.close()

    def told(self, size: int) -> None:
        """More events wait: `size` bytes. A full batch does not wait for its time."""
        self._unposted += size
        if self._unposted >= MAX_BATCH:
            self._wake.set()

    def flush(self) -> None:
        """Post everything that waits, now and once, whatever its time."""
        self._post_round(float("inf"))

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(self.interval)
            self._wake.clear()
            self._unposted = 0
            if not self._stopped:
                self._post_round(clock.now())

    def _post_round(self, until: float) -> None:
        with self._round:
            while due := self.store.due_events(until, MAX_BATCH):
                self._form(due)
            tried: set[int] = set()
            # After a flush every open batch is due for ever, hence the memory of what was tried.
            while fresh_ones := [one for one in self.store.open_batches(until) if one.seq not in tried]:
                for batch in fresh_ones:
                    if self._stopped:
                        return
                    tried.add(batch.seq)
                    self._post(batch)

    def _form(self, due: list[tuple[int, bytes]]) -> None:
        switches = self.switches()
        draw = drawn_for(self.seed, "batch", due[0][0])
        bodies = [body for _, body in due]
        bodies += [body for body in bodies if happens(draw, switches.duplicate)]
        if happens(draw, switches.reorder):
            draw.shuffle(bodies)
        self.store.add_batch(framed(bodies), clock.now(), [seq for seq, _ in due])

    def _post(self, batch: Batch) -> None:
        switches = self.switches()
        self._forge(batch, switches, drawn_for(self.seed, "forge", batch.seq, batch.attempts))
        body = batch.body
        if batch.attempts and switches.new_id_on_retry:
            body = with_new_ids(body)
        at = clock.now()
        if self._is_taken(body, self.signer.headers(body, int(at))):
            self.tally.posts_taken += 1
            self.store.settle(batch.seq, keep=self.keep_events)
        elif at - batch.formed_at > GIVE_UP_AFTER:
            self.tally.given_up += 1
            self.store.settle(batch.seq, keep=self.keep_events)
        else:
            self.tally.posts_refused += 1
            self.store.postpone(batch, at + gap_after(batch.attempts, self.interval), body)

    def _forge(self, batch: Batch, switches: Switches, draw: Random) -> None:
        """The same body without a signature or with a stranger's; nobody should take it."""
        forgeries: list[dict[str, str]] = []
        if happens(draw, switches.unsigned):
            forgeries.append({})
        if happens(draw, switches.wrongly_signed):
            forgeries.append(self._stranger.headers(batch.body, int(clock.now())))
        for headers in forgeries:
            if self._is_taken(batch.body, headers):
                self.tally.forged_accepted += 1
            else:
                self.tally.forged_refused += 1

    def _is_taken(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            answer = self._http.post(self.webhook, content=body, headers=headers)
        except httpx.HTTPError as error:
            self.tally.last_answer = f"{type(error).__name__}: {error}"
            return False
        self.tally.last_answer = str(answer.status_code)
        return HTTPStatus(200) <= answer.status_code < HTTPStatus(300)


def gap_after(attempts: int, interval: float) -> float:
    """Seconds until the next try: twice as long each time, an hour at most."""
    return float(min(max(interval, SHORTEST_GAP) * 2 ** min(attempts, 20), LONGEST_GAP))


def with_new_ids(body: bytes) -> bytes:
    """The same facts under new ids: retries of the real service have been seen to do this."""
    events = orjson.loads(body)
    return framed(orjson.dumps({**event, "sg_event_id": drawn_id(FRESH)}) for event in events)
