"""Who opened, who clicked: a person, a proxy for one, or a machine? Pure, versioned rules.

What one hit says by itself is its `Signal`; what all hits of one delivery say together is the verdict. The verdicts
are a function of the *set* of hits, so they are the same whatever order the hits came in. Sources of the rules:
SendGrid's `sg_machine_open` (true is Apple's prefetch; its absence proves nothing) and the table of machine signs in
docs/security.md. An open and a click within one second is no sign: desktop clients look so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.events.vocabulary import EventKind, HitClass, Signal

RULES_VERSION = 1

TOO_SOON = timedelta(seconds=2)
"""A hit earlier than this after *delivered* is faster than a person."""
BURST_LINKS = 4
BURST_WINDOW = timedelta(seconds=10)
"""So many different links within so long are followed by a scanner."""

PEOPLE = frozenset({HitClass.PERSON, HitClass.PROXY})
"""A proxy loads for a person: the person is real, the client and address are not."""
MACHINES = frozenset({HitClass.MACHINE, HitClass.PREFETCH, HitClass.SCANNER})

_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
_TOOLS = re.compile(
    r"curl|wget|python|httpx|aiohttp|urllib|go-http|java/|okhttp|libwww|axios|node-fetch|undici|headless|phantom"
    r"|puppeteer|playwright|selenium|bot\b|crawl|spider|scanner|safelinks|mimecast|proofpoint|barracuda|preview",
    re.IGNORECASE,
)
_BARE = "Mozilla/5.0"


@dataclass(frozen=True, slots=True)
class Hit:
    """One open or click, as far as it is kept."""

    key: str
    kind: EventKind
    at: datetime
    signal: Signal
    target: str = ""
    """Which link, for a click."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A class, and in one word why."""

    hit_class: HitClass
    reason: str


_BY_SIGNAL = {
    Signal.FLAGGED: Verdict(HitClass.MACHINE, "flagged"),
    Signal.TOOL: Verdict(HitClass.SCANNER, "tool"),
    Signal.PROXY: Verdict(HitClass.PROXY, "proxy"),
    Signal.BARE: Verdict(HitClass.PREFETCH, "bare-client"),
    Signal.NAMELESS: Verdict(HitClass.SUSPECT, "nameless"),
}


def signal_of(user_agent: str, *, is_flagged: bool = False, is_prefetch: bool = False) -> Signal:
    """What a client's name says. `is_prefetch`: the request itself said so (`Sec-Purpose: prefetch`)."""
    name = user_agent.strip()
    if is_flagged:
        return Signal.FLAGGED
    if is_prefetch or _TOOLS.search(name):
        return Signal.TOOL
    if not name:
        return Signal.NAMELESS
    if name == _BARE:
        return Signal.BARE
    return Signal.PROXY if _PROXIES.search(name) else Signal.PLAIN


def judge(hits: Sequence[Hit], delivered_at: datetime | None) -> dict[str, Verdict]:
    """A verdict for each hit of one delivery, by key."""
    bursts = _bursts(hit for hit in hits if hit.kind is EventKind.CLICK)
    latest = max((hit.at for hit in hits), default=None)
    return {hit.key: _verdict(hit, bursts, delivered_at, hit.at == latest) for hit in hits}


def _verdict(hit: Hit, bursts: frozenset[str], delivered_at: datetime | None, is_last: bool) -> Verdict:
    if hit.signal in {Signal.FLAGGED, Signal.TOOL}:
        return _BY_SIGNAL[hit.signal]
    if hit.key in bursts:
        return Verdict(HitClass.SCANNER, "burst")
    if hit.signal in _BY_SIGNAL:
        return _BY_SIGNAL[hit.signal]
    if delivered_at is None or hit.at - delivered_at >= TOO_SOON:
        return Verdict(HitClass.PERSON, "plain")
    if hit.kind is EventKind.OPEN and is_last:
        return Verdict(HitClass.PREFETCH, "at-delivery")
    return Verdict(HitClass.SUSPECT, "too-soon")


def _bursts(clicks: Iterable[Hit]) -> frozenset[str]:
    """Keys of the clicks within a window of `BURST_WINDOW` that holds `BURST_LINKS` different links."""
    ordered = sorted(clicks, key=lambda hit: (hit.at, hit.key))
    found: set[str] = set()
    for index, first in enumerate(ordered):
        window = [hit for hit in ordered[index:] if hit.at - first.at <= BURST_WINDOW]
        if len({hit.target for hit in window}) >= BURST_LINKS:
            found.update(hit.key for hit in window)
    return frozenset(found)
