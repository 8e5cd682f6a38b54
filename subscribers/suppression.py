"""Addresses that get nothing, from one list or from all; kept by address, so they outlive the subscriber.

After erasure only a keyed hash of the address is left (`tombstone`), which recognises the address when it comes back
in a file and tells nothing to a reader of the database without the key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select

from subscribers.audience import ALL_LISTS
from subscribers.errors import SubscribersError
from subscribers.models import Suppression, SuppressionReason
from subscribers.upsert import insert_missing

TOMBSTONE = "erased:"


def suppress(
    session: Session, email_key: str, scope: str, reason: SuppressionReason, now: datetime, detail: str = ""
) -> bool:
    """Write nothing more to this address, on one list (its slug) or on all (`ALL_LISTS`).

    Idempotent: the first reason stays, and False says there was one. Returns True where this call suppressed.
    """
    if find(session, email_key, scope) is not None:
        return False
    row = {"email_key": email_key, "scope": scope, "reason": reason, "at": now, "detail": detail[:400]}
    insert_missing(session, Suppression, [row])
    return True


def find(session: Session, email_key: str, scope: str = ALL_LISTS) -> Suppression | None:
    """The suppression of exactly this scope."""
    return session.exec(
        select(Suppression).where(Suppression.email_key == email_key, Suppression.scope == scope)
    ).first()


def is_suppressed(session: Session, email_key: str, slug: str, secrets: Sequence[bytes] = ()) -> bool:
    """Whether this address gets nothing from this list. With `secrets`, an erased address is known too."""
    keys = [email_key, *tombstones(email_key, secrets)]
    found = session.exec(
        select(Suppression.id)
        .where(col(Suppression.email_key).in_(keys), col(Suppression.scope).in_([ALL_LISTS, slug]))
        .limit(1)
    )
    return found.first() is not None


def lift(session: Session, email_key: str, scope: str, actor: str) -> bool:
    """Take a suppression back: a person's decision (`reader` or `admin:<id>`), never an import's or a provider's.

    Returns whether there was one.
    """
    if not (actor == "reader" or actor.startswith("admin:")):
        raise SubscribersError(f"{actor!r} can't lift a suppression: only the reader or an administrator can")
    gone = session.exec(
        delete(Suppression).where(col(Suppression.email_key) == email_key, col(Suppression.scope) == scope)
    )
    return gone.rowcount > 0


def tombstone(email_key: str, secret: bytes) -> str:
    """The keyed hash under which an erased address stays suppressed."""
    return TOMBSTONE + hmac.digest(secret, b"tombstone\0" + email_key.encode(), hashlib.sha256).hex()


def tombstones(email_key: str, secrets: Sequence[bytes]) -> list[str]:
    """The hashes by every key that was ever in use: the first writes, all recognise."""
    return [tombstone(email_key, secret) for secret in secrets]
