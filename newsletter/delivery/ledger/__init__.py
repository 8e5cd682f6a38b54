"""The sending record, and its only writer: deliveries, batches, requests, decisions, provider rows, exclusions.

Every function works inside the caller's transaction and is given the time. What leads where is `states.TRANSITIONS`.

    freeze      the audience becomes deliveries and batches, once
    due, claim  one batch, one call: `ready → calling`, committed before the socket opens
    record      what the answer does
    evidence, resolve, recover, expire, abandon      the ways into and out of *unknown*
    pause, resume, cancel, finish      a campaign's batches as a whole
    sums        the proof that nobody was lost
"""

from newsletter.delivery.ledger.campaign import (
    cancel,
    cancel_ready,
    finish,
    has_called,
    pause,
    resume,
    settled_campaigns,
)
from newsletter.delivery.ledger.claim import Attempt, Claim, NotNow, Obstacle, claim, due, glance, next_due
from newsletter.delivery.ledger.exclusions import REFUSED_BY_PROVIDER, RENDER_FAILED, exclude
from newsletter.delivery.ledger.freeze import Frozen, freeze
from newsletter.delivery.ledger.provider import Provider, provider, restart, stop
from newsletter.delivery.ledger.settle import Recorded, record, split_for_transport
from newsletter.delivery.ledger.sums import Sums, UnknownBatch, sums
from newsletter.delivery.ledger.unknown import Action, abandon, evidence, expire, recover, resolve

__all__ = [
    "REFUSED_BY_PROVIDER",
    "RENDER_FAILED",
    "Action",
    "Attempt",
    "Claim",
    "Frozen",
    "NotNow",
    "Obstacle",
    "Provider",
    "Recorded",
    "Sums",
    "UnknownBatch",
    "abandon",
    "cancel",
    "cancel_ready",
    "claim",
    "due",
    "evidence",
    "exclude",
    "expire",
    "finish",
    "freeze",
    "glance",
    "has_called",
    "next_due",
    "pause",
    "provider",
    "record",
    "recover",
    "resolve",
    "restart",
    "resume",
    "settled_campaigns",
    "split_for_transport",
    "stop",
    "sums",
]
