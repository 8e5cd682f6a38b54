from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from newsletter.db import Database
from subscribers.audience import ALL_LISTS
from subscribers.errors import SubscribersError
from subscribers.models import SuppressionReason
from subscribers.suppression import find, is_suppressed, lift, suppress, tombstone, tombstones

DAVE = "dave@example.com"
HARD = SuppressionReason.HARD_BOUNCE


def test_the_first_reason_stays(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert suppress(session, DAVE, ALL_LISTS, HARD, now, "550 5.1.1")
        assert not suppress(session, DAVE, ALL_LISTS, SuppressionReason.MANUAL, now + timedelta(days=1), "again")
        found = find(session, DAVE)
    assert found is not None
    assert (found.reason, found.at, found.detail) == (HARD, now, "550 5.1.1")


def test_a_scope_holds_for_its_list_and_all_for_every_list(database: Database, now: datetime) -> None:
    with database.write() as session:
        suppress(session, DAVE, "digest", SuppressionReason.MANUAL, now)
        suppress(session, "carol@example.net", ALL_LISTS, HARD, now)
        assert is_suppressed(session, DAVE, "digest")
        assert not is_suppressed(session, DAVE, "weekly")
        assert is_suppressed(session, "carol@example.net", "weekly")
        assert not is_suppressed(session, "alice@example.com", "digest")


def test_a_long_answer_of_a_mail_host_is_cut_not_refused(database: Database, now: datetime) -> None:
    with database.write() as session:
        suppress(session, DAVE, ALL_LISTS, HARD, now, "x" * 5_000)
    with database.read() as session:
        found = find(session, DAVE)
    assert found is not None
    assert len(found.detail) == 400


@pytest.mark.parametrize("actor", ["provider", "import:3", "", "administrator"])
def test_no_machine_lifts_a_suppression(database: Database, now: datetime, actor: str) -> None:
    with database.write() as session:
        suppress(session, DAVE, ALL_LISTS, HARD, now)
        with pytest.raises(SubscribersError, match="can't lift"):
            lift(session, DAVE, ALL_LISTS, actor)
        assert is_suppressed(session, DAVE, "digest")


@pytest.mark.parametrize("actor", ["reader", "admin:1"])
def test_a_person_does(database: Database, now: datetime, actor: str) -> None:
    with database.write() as session:
        suppress(session, DAVE, ALL_LISTS, HARD, now)
        assert lift(session, DAVE, ALL_LISTS, actor)
        assert not is_suppressed(session, DAVE, "digest")
        assert not lift(session, DAVE, ALL_LISTS, actor)


def test_a_tombstone_is_known_to_its_key_alone(database: Database, now: datetime) -> None:
    old, new, foreign = b"o" * 32, b"n" * 32, b"f" * 32
    with database.write() as session:
        suppress(session, tombstone(DAVE, old), ALL_LISTS, SuppressionReason.ERASED, now)
        assert is_suppressed(session, DAVE, "digest", [new, old])
        assert not is_suppressed(session, DAVE, "digest", [foreign])
        assert not is_suppressed(session, DAVE, "digest")
        assert not is_suppressed(session, "bob@example.org", "digest", [new, old])
    assert DAVE not in tombstone(DAVE, old)
    assert len(set(tombstones(DAVE, [old, new, foreign]))) == 3
