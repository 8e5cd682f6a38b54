from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from newsletter.db import Database
from subscribers import consent
from subscribers.consent import Act, ConsentRecordIsFinal, Evidence, Purpose
from subscribers.models import ConsentAction, MailingList
from tests.builders import a_reader


def test_a_record_says_what_when_how_where_and_by_whom(
    database: Database, mailing_list: MailingList, list_id: int, now: datetime
) -> None:
    """I7: what, when (UTC and offset), how, IP as cut, user agent, text version and hash, actor."""
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
        evidence = Evidence("192.0.2.0", "Browser/1 " * 60, "v3", "ab" * 32, 540)
        act = Act(now, "form", "reader", evidence)
        consent.record(session, alice.subscriber_id, list_id, Purpose.TRACKING, ConsentAction.GIVEN, act)
    with database.read() as session:
        last = consent.history(session, alice.subscriber_id)[-1]
    assert (last.purpose, last.action, last.at, last.utc_offset_minutes) == ("tracking", ConsentAction.GIVEN, now, 540)
    assert (last.ip, last.text_version, last.text_hash, last.actor) == ("192.0.2.0", "v3", "ab" * 32, "reader")
    assert last.user_agent is not None
    assert len(last.user_agent) == 400


@pytest.mark.parametrize("rewrite", ["change", "delete"])
def test_history_is_not_rewritten(database: Database, mailing_list: MailingList, rewrite: str) -> None:
    with database.write() as session:
        alice = a_reader(session, mailing_list, email="alice@example.com")
    with pytest.raises(ConsentRecordIsFinal), database.write() as session:
        entry = consent.history(session, alice.subscriber_id)[0]
        if rewrite == "delete":
            session.delete(entry)
        else:
            entry.actor = "somebody else"
            session.add(entry)
    with database.read() as session:
        assert [entry.actor for entry in consent.history(session, alice.subscriber_id)] == ["reader"]


def test_the_newest_word_counts(database: Database, mailing_list: MailingList, list_id: int, now: datetime) -> None:
    with database.write() as session:
        who = a_reader(session, mailing_list, email="alice@example.com").subscriber_id
        said = []
        for number, action in enumerate([ConsentAction.GIVEN, ConsentAction.WITHDRAWN, ConsentAction.GIVEN]):
            act = Act(now + timedelta(hours=number), "preferences")
            consent.record(session, who, list_id, Purpose.TRACKING, action, act)
            said.append(consent.has_consented(session, who, list_id, Purpose.TRACKING))
        assert said == [True, False, True]
        assert not consent.has_consented(session, who, list_id, Purpose.ADVERTISING), "silence is no yes"
        assert not consent.has_consented(session, who, list_id + 1, Purpose.TRACKING), "nor is a yes elsewhere"
