"""`python -m tests.delivery.sending_program DATABASE_URL SANDBOX_PORT LOCK`: freeze what is planned, and send it.

A process of its own, so that a test can kill it at any fault point (`NEWSLETTER_FAULT`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from sqlmodel import select

import newsletter.tables  # noqa: F401 -- registers every table
from newsletter.campaigns.models import Campaign
from newsletter.campaigns.states import CampaignState
from newsletter.db import Database
from newsletter.delivery import ledger
from newsletter.delivery.runners.local import LocalRunner
from newsletter.delivery.transports.sendgrid import SendGridTransport
from newsletter.kit.clock import SystemClock
from subscribers.models import Cadence, MailingList
from tests.delivery.world import desk
from tests.sandbox.support import KEY


def main(url: str, port: str, lock: str) -> None:
    """One run of the product's own parts."""
    database, clock = Database(url), SystemClock()
    with database.write() as session:
        for campaign in session.exec(select(Campaign).where(Campaign.state == CampaignState.FREEZING)).all():
            mailing_list = session.get_one(MailingList, campaign.list_id)
            ledger.freeze(session, campaign, mailing_list, [Cadence.EACH], clock.now())
    transport = SendGridTransport(KEY, f"http://127.0.0.1:{port}", 1, clock)
    LocalRunner(desk(database, transport, clock), 1, Path(lock)).run_until_idle()
    transport.close()
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
