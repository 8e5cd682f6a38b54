"""Send-stage exclusions: readers of a frozen campaign who get nothing after all, and why. Append-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session, col

from newsletter.campaigns.models import Exclusion
from newsletter.campaigns.states import ExclusionStage
from newsletter.delivery.models import Delivery

REFUSED_BY_PROVIDER = "refused-by-provider"
RENDER_FAILED = "render-failed"


def exclude(session: Session, campaign_id: int, reason: str, details: Mapping[int, str | None], now: datetime) -> None:
    """Write one exclusion per position. The caller sees to it that none of them has one already."""
    if not details:
        return
    query = select(col(Delivery.position), col(Delivery.subscriber_id)).where(
        col(Delivery.campaign_id) == campaign_id, col(Delivery.position).in_(list(details))
    )
    session.execute(
        insert(Exclusion),
        [
            {
                "campaign_id": campaign_id,
                "subscriber_id": subscriber_id,
                "stage": ExclusionStage.SEND,
                "reason": reason,
                "position": position,
                "detail": (details[position] or "")[:400] or None,
                "at": now,
            }
            for position, subscriber_id in session.execute(query)
        ],
    )
