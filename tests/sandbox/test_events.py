"""Events have the members and types of the project's samples, and every address meets its fate."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from newsletter.sandbox.events import Moment, event_of, status_change
from newsletter.sandbox.framing import framed
from newsletter.sandbox.mail import Mail, mails_of
from newsletter.sandbox.outcomes import OUTCOMES, steps_for, suppression_after, word_of
from newsletter.sandbox.switches import Switches, changed
from newsletter.sandbox.telling import Manner, tell

SAMPLES: Final[dict[str, Any]] = orjson.loads((Path(__file__).parent / "events.json").read_bytes())["events"]
KINDS: Final = {
    "processed": "processed",
    "dropped": "dropped",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": "bounce",
    "blocked": "bounce_blocked",
    "blocked_without_status": "bounce_blocked_without_status",
    "asynchronous_bounce": "bounce_asynchronous_no_message_id",
    "open": "open",
    "click": "click",
    "spamreport": "spamreport",
    "unsubscribe": "unsubscribe",
}
OPTIONAL: Final = {"pool"}
"""Members of the samples that need an account setting the stand-in does not have."""

LINE: Final[dict[str, Any]] = {
    "message_id": "q7Zr0aQkTn2m8s1dYw3LxA",
    "time": "2026-04-09T07:47:54.000000Z",
    "content": "sha256:0",
    "message": {
        "from": {"email": "news@sender.example.com"},
        "categories": ["newsletter"],
        "custom_args": {"issue_id": "0192f0c1"},
        "tracking_settings": {"open_tracking": {"enable": True}},
    },
    "personalizations": [{"to": [{"email": "reader0@example.com"}], "custom_args": {"delivery_id": "0000"}}],
}


def mail_to(address: str = "reader0@example.com", **changes: Any) -> Mail:  # noqa: ANN401 - any field of a mail
    return replace(next(mails_of(LINE)), address=address, **changes)


def made(kind: str, mail: Mail | None = None, **moment: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a moment
    return event_of(kind, mail or mail_to(), Moment(1_775_720_874, **moment), random.Random(1))  # noqa: S311 - a test's


def shape(event: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in event.items() if name not in OPTIONAL}


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_has_the_members_and_types_of_its_sample(kind: str) -> None:
    assert shape(made(kind)) == shape(SAMPLES[KINDS[kind]])


def test_a_machine_open_has_the_members_of_its_sample() -> None:
    assert made("open", machine=True)["sg_machine_open"] is True
    assert shape(made("open", machine=True)) == shape(SAMPLES["open_machine"])
    assert shape(status_change(1)) == shape(SAMPLES["account_status_change"])


def test_ids_are_shaped_like_the_samples() -> None:
    event = made("delivered")
    assert event["sg_event_id"] == SAMPLES["delivered"]["sg_event_id"]
    assert event["sg_message_id"] == SAMPLES["delivered"]["sg_message_id"]
    assert event["smtp-id"] == SAMPLES["delivered"]["smtp-id"]
    assert len(made("open")["sg_event_id"]) == len(SAMPLES["open"]["sg_event_id"])


def test_delivery_events_told_again_keep_their_id_and_different_facts_differ() -> None:
    assert made("delivered") == made("delivered")
    ids = {made(kind)["sg_event_id"] for kind in ("processed", "dropped", "delivered", "deferred", "bounce")}
    assert len(ids) == 5
    assert made("deferred", attempt=1)["sg_event_id"] != made("deferred", attempt=2)["sg_event_id"]


def test_a_reserved_name_wins_over_a_custom_argument() -> None:
    event = made("delivered", mail_to(custom_args={"email": "liar@example.com", "ip": "liar", "nl_delivery_id": "1"}))
    assert event["email"] == "reader0@example.com"
    assert event["ip"] == "192.0.2.10"
    assert event["nl_delivery_id"] == "1"


def test_a_mail_without_categories_has_no_category() -> None:
    assert "category" not in made("delivered", mail_to(categories=()))


def test_the_body_has_crlf_after_each_comma_and_at_its_end() -> None:
    body = framed([b'{"a":1}', b'{"b":2}'])
    assert body == b'[{"a":1},\r\n{"b":2}]\r\n'
    assert orjson.loads(body) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("word", OUTCOMES)
def test_the_word_may_be_the_local_part_or_follow_a_plus(word: str) -> None:
    assert word_of(f"{word}@example.com") == word_of(f"Alice+{word.upper()}@example.com") == word
    assert word_of(f"{word}er@example.com") == word_of("alice@example.com") == ""


def told(address: str, suppressed: str | None = None, **switches: float) -> list[dict[str, Any]]:
    manner = Manner(2.0, changed(Switches(), switches), 7)
    return [orjson.loads(one.body) for one in tell(mail_to(address), manner, suppressed)]


def kinds(address: str, suppressed: str | None = None, **switches: float) -> list[str]:
    return [event["event"] for event in told(address, suppressed, **switches)]


def test_every_address_meets_its_fate() -> None:
    assert kinds("alice@example.com") == ["processed", "delivered"]
    assert kinds("bounce@example.com") == ["processed", "bounce"]
    assert kinds("a+deferred@example.com") == ["processed", "deferred", "delivered"]
    assert kinds("a+expired@example.com") == ["processed", "deferred", "deferred", "deferred", "bounce"]
    assert kinds("a+spam@example.com") == ["processed", "delivered", "spamreport"]
    assert kinds("a+asyncbounce@example.com") == ["processed", "delivered", "bounce"]
    assert kinds("a+machine@example.com") == ["processed", "delivered", "open"]
    assert kinds("a+slow@example.com") == ["processed"]
    assert kinds("a+silent@example.com") == []
    assert [event["reason"] for event in told("a+invalid@example.com")] == ["Invalid"]


def test_the_suppressed_are_dropped_and_told_why() -> None:
    events = told("alice@example.com", "Unsubscribed Address")
    assert [(event["event"], event["reason"]) for event in events] == [("dropped", "Unsubscribed Address")]


def test_bypassing_list_management_reaches_the_suppressed() -> None:
    mail = mail_to("alice@example.com", bypasses_suppression=True)
    events = [orjson.loads(one.body)["event"] for one in tell(mail, Manner(1, Switches(), 1), "Bounced Address")]
    assert events == ["processed", "delivered"]


def test_a_hard_bounce_a_complaint_and_an_unsubscription_suppress_and_a_block_does_not() -> None:
    def after(address: str) -> str | None:
        return suppression_after(steps_for(address, suppressed=False, opens_tracked=False))

    assert after("bounce@example.com") == "Bounced Address"
    assert after("spam@example.com") == "Spam Reporting Address"
    assert after("unsubscribe@example.com") == "Unsubscribed Address"
    assert after("blocked@example.com") is None
    assert after("alice@example.com") is None


def test_a_machine_opens_only_what_is_tracked() -> None:
    steps = steps_for("machine@example.com", suppressed=False, opens_tracked=False)
    assert [step.kind for step in steps] == ["processed", "delivered"]


def test_events_come_a_beat_apart_and_wait_for_a_scheduled_time() -> None:
    at = [one.due for one in tell(mail_to("deferred@example.com"), Manner(2.0, Switches(), 1), None)]
    assert [round(due - at[0]) for due in at] == [0, 2, 4]
    later = mail_to(send_at=2_000_000_000)
    assert next(tell(later, Manner(2.0, Switches(), 1), None)).due == 2_000_000_002


def test_each_switch_changes_what_it_says() -> None:
    assert "status" not in told("bounce@example.com", missing_status=1)[1]
    assert kinds("alice@example.com", asynchronous_bounce=1) == ["processed", "delivered", "bounce"]
    assert kinds("alice@example.com", unknown_type=1) == ["processed", "delivered", "telepathy"]
    assert kinds("alice@example.com", machine_open=1) == ["processed", "delivered", "open"]


def test_a_share_of_addresses_is_drawn_the_same_in_every_run() -> None:
    def bent() -> list[bool]:
        return [len(kinds(f"r{n}@example.com", machine_open=0.3)) == 3 for n in range(300)]

    assert bent() == bent()
    assert 50 < sum(bent()) < 130


@pytest.mark.parametrize(
    "wanted", [{"nonsense": 1}, {"duplicate": 2}, {"duplicate": "a"}, {"new_id_on_retry": 1}, {"max_delay": -1}]
)
def test_a_switch_that_makes_no_sense_is_refused_by_name(wanted: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wanted))):
        changed(Switches(), wanted)
