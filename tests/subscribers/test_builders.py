from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from newsletter.db import Database
from subscribers.audience import candidates
from subscribers.models import Cadence
from tests.builders import a_list, the_four

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def test_of_the_four_only_alice_and_bob_get_mail(database: Database) -> None:
    with database.write() as session:
        mailing_list = a_list(session)
        people = the_four(session, mailing_list)
    with database.read() as session:
        found = {
            row.subscription_id: row.reason for row in session.execute(candidates(mailing_list, [Cadence.EACH], NOW))
        }
    assert found == {
        people.alice.id: None,
        people.bob.id: None,
        people.carol.id: "unconfirmed",
        people.dave.id: "suppressed",
    }
    assert Counter(found.values())[None] == 2
