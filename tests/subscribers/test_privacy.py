from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import inspect, text
from sqlmodel import select

from newsletter.db import Database
from subscribers import consent, suppression
from subscribers.addresses import normalise
from subscribers.audience import ALL_LISTS, candidates
from subscribers.consent import Act, Evidence
from subscribers.errors import SubscribersError
from subscribers.export import export_csv
from subscribers.models import Cadence, MailingList, Subscriber, SubscriptionState, SuppressionReason
from subscribers.preferences import Preferences
from subscribers.privacy import erase, story
from subscribers.selections import EVERYTHING
from subscribers.subscriptions import Proof, get, leave, subscribe
from tests.builders import LONG_AGO, TODAY, a_list, a_reader, the_four

SECRETS = [b"s" * 32]
ALICE = "Alice.Erasable@example.com"
TRACES = ("erasable", "192.0.2.77", "Browser/77", "Pacific/Fiji")


def _sign_up(database: Database, mailing_list: MailingList) -> int:
    evidence = Evidence("192.0.2.77", "Browser/77", "v1", "ab" * 32, 540)
    with database.write() as session:
        alice = subscribe(
            session,
            mailing_list,
            normalise(ALICE),
            EVERYTHING,
            Preferences("Alice Erasable", "en", "Pacific/Fiji", 7),
            Proof(Act(LONG_AGO, "form", evidence=evidence), is_confirmed=True),
            now=LONG_AGO,
        )
        detail = f"550 no such user {ALICE}"
        suppression.suppress(session, ALICE.lower(), "weekly", SuppressionReason.HARD_BOUNCE, LONG_AGO, detail)
        return alice.id or 0


def _everything(database: Database) -> str:
    """Every value of every table, as text."""
    with database.read() as session:
        names = inspect(session.connection()).get_table_names()
        rows = [row for name in names for row in session.execute(text(f'SELECT * FROM "{name}"'))]  # noqa: S608 -- own names
    return "\n".join(str(tuple(row)) for row in rows).lower()


def test_a_story_tells_everything_as_json(database: Database, mailing_list: MailingList) -> None:
    _sign_up(database, mailing_list)
    with database.write() as session:
        a_reader(session, a_list(session, slug="weekly"), email=ALICE, sections="policy", categories="AI")
    with database.read() as session:
        told = json.loads(json.dumps(story(session, ALICE.upper())))
    assert told["subscriber"] | {"id": 0} == {"id": 0, "email": ALICE, "created_at": LONG_AGO.isoformat()}
    assert [(each["list"], each["sections"], each["categories"]) for each in told["subscriptions"]] == [
        ("digest", "*", "*"),
        ("weekly", "policy", "AI"),
    ]
    assert told["subscriptions"][0]["name"] == "Alice Erasable"
    assert [(entry["list"], entry["ip"]) for entry in told["consent"]] == [("digest", "192.0.2.77"), ("weekly", None)]
    assert told["suppressions"][0]["detail"] == f"550 no such user {ALICE}"


def test_a_story_keeps_to_its_person(database: Database, mailing_list: MailingList) -> None:
    with database.write() as session:
        the_four(session, mailing_list)
        told = json.dumps(story(session, "bob@example.org"))
        assert "alice" not in told.lower()
        assert story(session, "nobody@example.com") is None
        suppression.suppress(session, "only@example.com", ALL_LISTS, SuppressionReason.MANUAL, TODAY)
        only = story(session, "only@example.com")
        assert only is not None
        assert only["subscriber"] is None


def test_nothing_of_an_erased_person_is_left_but_a_keyed_hash(database: Database, mailing_list: MailingList) -> None:
    subscription_id = _sign_up(database, mailing_list)
    before = _everything(database)
    assert all(trace.lower() in before for trace in TRACES), "the control: the search does find them"
    with database.write() as session:
        subscriber_id = get(session, subscription_id).subscriber_id
        assert erase(session, ALICE, TODAY, SECRETS).subscriber_id == subscriber_id
    after = _everything(database)
    assert [trace for trace in TRACES if trace.lower() in after] == []
    with database.read() as session:
        assert story(session, ALICE) is None
        assert suppression.is_suppressed(session, ALICE.lower(), "digest", SECRETS)
        out = io.StringIO()
        assert export_csv(session, mailing_list, out) == 0


def test_sums_still_close_after_an_erasure(database: Database, mailing_list: MailingList) -> None:
    subscription_id = _sign_up(database, mailing_list)
    with database.write() as session:
        erase(session, ALICE, TODAY, SECRETS)
        ended = get(session, subscription_id)
        assert (ended.state, ended.ended_reason) == (SubscriptionState.ENDED, "erased")
        assert session.execute(candidates(mailing_list, list(Cadence), TODAY)).all() == []
        said = consent.history(session, ended.subscriber_id)
        assert [(entry.action.value, entry.how, entry.ip) for entry in said] == [
            ("given", "form", None),
            ("withdrawn", "erasure", None),
        ]
        assert said[0].text_hash == "ab" * 32, "the proof of what was agreed to stays"


def test_mailed_links_end_with_the_erasure(database: Database, mailing_list: MailingList) -> None:
    subscription_id = _sign_up(database, mailing_list)
    with database.write() as session:
        who = session.get(Subscriber, get(session, subscription_id).subscriber_id)
        assert who is not None
        before = who.link_generation
        erase(session, ALICE, TODAY, SECRETS)
        assert who.link_generation == before + 1


def test_erasing_again_or_somebody_unknown_is_no_error(database: Database, mailing_list: MailingList) -> None:
    _sign_up(database, mailing_list)
    with database.write() as session:
        erase(session, ALICE, TODAY, SECRETS)
        assert erase(session, ALICE, TODAY + timedelta(days=1), SECRETS).subscriber_id is None
        assert erase(session, "nobody@example.com", TODAY, SECRETS).subscriber_id is None
        assert suppression.is_suppressed(session, "nobody@example.com", "digest", SECRETS)


def test_others_stay_as_they_are(database: Database, mailing_list: MailingList) -> None:
    with database.write() as session:
        people = the_four(session, mailing_list)
        before = [story(session, email) for email in ("bob@example.org", "dave@example.com")]
        erase(session, "alice@example.com", TODAY, SECRETS)
        assert [story(session, email) for email in ("bob@example.org", "dave@example.com")] == before
        assert get(session, people.bob.id or 0).state is SubscriptionState.ACTIVE


def test_who_had_left_stays_left_for_the_reason_given_then(database: Database, mailing_list: MailingList) -> None:
    subscription_id = _sign_up(database, mailing_list)
    with database.write() as session:
        leave(session, subscription_id, LONG_AGO, "webhook", "provider", reason="spam-report")
        erase(session, ALICE, TODAY, SECRETS)
        assert get(session, subscription_id).ended_reason == "spam-report"
        assert get(session, subscription_id).name == ""


def test_without_a_secret_nothing_is_erased(database: Database, mailing_list: MailingList) -> None:
    _sign_up(database, mailing_list)
    with database.write() as session, pytest.raises(SubscribersError, match="secret key"):
        erase(session, ALICE, TODAY, [])
    with database.read() as session:
        assert story(session, ALICE) is not None


@pytest.mark.parametrize("step", [1, 2, 3])
def test_an_erasure_that_dies_has_erased_nothing_or_all(
    database: Database, mailing_list: MailingList, step: int
) -> None:
    """FP23 at every step: one transaction, so the request is simply made again."""
    _sign_up(database, mailing_list)
    before = _everything(database)
    points: list[str] = []

    def die(point: str) -> None:
        points.append(point)
        if len(points) == step:
            raise InterruptedError

    with pytest.raises(InterruptedError), database.write() as session:
        erase(session, ALICE, TODAY, SECRETS, fault=die)
    assert points == ["23"] * step
    assert _everything(database) == before
    with database.write() as session:
        erase(session, ALICE, TODAY, SECRETS)
        assert session.exec(select(Subscriber.email)).all() == [None]
