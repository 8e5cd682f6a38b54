"""Events reach the webhook: signed, framed, in batches, until they are taken; and misbehave on request."""

import contextlib
import json
from base64 import b64decode
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.sandbox.poster import gap_after
from tests.sandbox.conftest import Start
from tests.sandbox.support import Post, Receiver, Running, message, until

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
STAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
TRACKED = {"open_tracking": {"enable": True}}


def is_genuine(sandbox: Running, post: Post, body: bytes | None = None) -> bool:
    """As the README of the webhook says: over the timestamp, then the raw body."""
    key = load_der_public_key(b64decode(sandbox.api("public-key")["public_key"]))
    assert isinstance(key, EllipticCurvePublicKey)
    if SIGNATURE not in post.headers:
        return False
    signed = post.headers[STAMP].encode() + (post.body if body is None else body)
    try:
        key.verify(b64decode(post.headers[SIGNATURE]), signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@pytest.fixture
def sandbox(start: Start, receiver: Receiver) -> Running:
    """Tells nothing by itself for a long time, so that a test decides when."""
    return start("--webhook", receiver.address, "--batch-interval", "3600")


def test_events_are_signed_over_the_raw_bytes(sandbox: Running, receiver: Receiver) -> None:
    sandbox.send(message("alice@example.com", "bob@example.com"))
    sandbox.api("flush", {})
    post = receiver.posts[0]
    assert is_genuine(sandbox, post)
    assert post.body.endswith(b"]\r\n")
    assert post.body.count(b",\r\n{") == 3
    assert not is_genuine(sandbox, post, json.dumps(post.events).encode()), "the same events, written differently"
    assert not is_genuine(sandbox, post, post.body.strip())
    assert post.headers["User-Agent"] == "SendGrid Event API"


def test_everyone_is_told_about_with_their_own_arguments(sandbox: Running, receiver: Receiver) -> None:
    answer = sandbox.send(message("alice@example.com", "b+bounce@example.com"))
    sandbox.api("flush", {})
    assert receiver.kinds("alice@example.com") == ["processed", "delivered"]
    assert receiver.kinds("b+bounce@example.com") == ["processed", "bounce"]
    ids = {(event["email"][0], event["nl_delivery_id"], event["nl_attempt_id"]) for event in receiver.events}
    assert ids == {("a", "delivery-0", "attempt-1"), ("b", "delivery-1", "attempt-1")}
    assert {event["sg_message_id"].partition(".")[0] for event in receiver.events} == {answer.headers["X-Message-Id"]}


@pytest.mark.parametrize("fault", ["accept-500", "accept-close"])
def test_events_follow_an_acceptance_that_was_not_answered(sandbox: Running, receiver: Receiver, fault: str) -> None:
    sandbox.api("faults", {"script": [fault, "500"]})
    for _ in range(2):
        with contextlib.suppress(httpx.TransportError):
            sandbox.send(message("alice@example.com"))
    sandbox.api("flush", {})
    assert receiver.kinds("alice@example.com") == ["processed", "delivered"]


def test_who_bounced_is_dropped_the_next_time_until_forgiven(sandbox: Running, receiver: Receiver) -> None:
    sandbox.send(message("bounce@example.com"))
    sandbox.send(message("bounce@example.com"))
    sandbox.api("flush", {})
    assert receiver.kinds("bounce@example.com") == ["processed", "bounce", "dropped"]
    assert receiver.events[-1]["reason"] == "Bounced Address"
    assert sandbox.api("suppressions?address=bounce@example.com", method="DELETE") == {"removed": 1}
    sandbox.send(message("bounce@example.com"))
    sandbox.api("flush", {})
    assert receiver.kinds("bounce@example.com")[3:] == ["processed", "bounce"]


def test_a_batch_is_told_again_until_it_is_taken(start: Start, receiver: Receiver) -> None:
    receiver.answers += [500, 404, 301]
    sandbox = start("--webhook", receiver.address, "--batch-interval", "0.1")
    sandbox.send(message("alice@example.com"))
    until(lambda: len(receiver.posts) == 4)
    assert len({post.body for post in receiver.posts}) == 1, "byte for byte the same"
    assert all(is_genuine(sandbox, post) for post in receiver.posts)
    until(lambda: sandbox.api("stats")["events_unanswered"] == 0)
    assert sandbox.api("stats")["webhook"]["posts_refused"] == 3
    assert len(receiver.posts) == 4, "and then no more"


def test_the_gaps_between_tries_grow_up_to_an_hour() -> None:
    gaps = [gap_after(attempts, 1.0) for attempts in range(20)]
    assert gaps[:4] == [1, 2, 4, 8]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 3600


def test_what_waits_survives_a_kill(start: Start, receiver: Receiver) -> None:
    first = start("--webhook", receiver.address, "--batch-interval", "3600")
    first.send(message("alice@example.com"))
    first.api("stats")
    first.kill()
    second = start("--webhook", receiver.address, "--batch-interval", "3600")
    second.api("flush", {})
    assert receiver.kinds("alice@example.com") == ["processed", "delivered"]


def test_a_retry_may_carry_new_ids_when_asked_to(start: Start, receiver: Receiver) -> None:
    receiver.answers += [500]
    sandbox = start("--webhook", receiver.address, "--batch-interval", "0.1", "--switch", "new_id_on_retry=true")
    sandbox.send(message("alice@example.com"))
    until(lambda: len(receiver.posts) == 2)
    first, second = (post.events for post in receiver.posts)
    assert {one["sg_event_id"] for one in first}.isdisjoint(one["sg_event_id"] for one in second)
    assert [one["event"] for one in first] == [one["event"] for one in second]
    assert is_genuine(sandbox, receiver.posts[1])


def test_duplicates_and_disorder_are_made_when_asked_for(sandbox: Running, receiver: Receiver) -> None:
    sandbox.api("switches", {"duplicate": 1.0, "reorder": 1.0})
    sandbox.send(message(*(f"r{n}@example.com" for n in range(50))))
    sandbox.api("flush", {})
    ids = [event["sg_event_id"] for event in receiver.events]
    assert len(ids) == 200
    assert len(set(ids)) == 100
    assert [event["event"] for event in receiver.events] != ["processed"] * 100 + ["delivered"] * 100
    assert is_genuine(sandbox, receiver.posts[0])


def test_forged_posts_come_before_the_genuine_one_and_are_counted(sandbox: Running, receiver: Receiver) -> None:
    sandbox.api("switches", {"unsigned": 1.0, "wrongly_signed": 1.0})
    receiver.answers += [403, 202]
    sandbox.send(message("alice@example.com"))
    tally = sandbox.api("flush", {})["webhook"]
    assert [is_genuine(sandbox, post) for post in receiver.posts] == [False, False, True]
    assert (tally["forged_refused"], tally["forged_accepted"], tally["posts_taken"]) == (1, 1, 1)


def test_an_event_about_the_account_belongs_to_no_mail(sandbox: Running, receiver: Receiver) -> None:
    sandbox.api("account-status", {})
    sandbox.api("flush", {})
    assert [(event["event"], "email" in event) for event in receiver.events] == [("account_status_change", False)]


def test_batches_keep_to_their_size(sandbox: Running, receiver: Receiver) -> None:
    for n in range(3):
        sandbox.send(message(*(f"r{n}x{m}@example.com" for m in range(1000))))
    sandbox.api("flush", {})
    until(lambda: len(receiver.events) == 6000)
    assert max(len(post.body) for post in receiver.posts) <= 768 * 1024
    assert len(receiver.posts) > 1


def test_a_full_batch_does_not_wait_for_its_time(sandbox: Running, receiver: Receiver) -> None:
    for n in range(2):
        sandbox.send(message(*(f"r{n}x{m}@example.com" for m in range(1000))))
    until(lambda: receiver.posts)


def test_a_share_of_people_and_machines_opens_and_the_seed_repeats_it(sandbox: Running, receiver: Receiver) -> None:
    sandbox.send(message(*(f"r{n}@example.com" for n in range(200)), tracking_settings=TRACKED))
    sandbox.send(message("untracked@example.com"))
    sandbox.send(message("bounce@example.com", tracking_settings=TRACKED))
    shares = {"opens": 0.5, "machine_opens": 0.25, "complaints": 0.05, "seed": 3}
    first, again = (sandbox.api("opens", shares) for _ in range(2))
    assert first == again
    assert first["delivered"] == 201
    assert 70 < first["opens"] < 130
    assert 25 < first["machine_opens"] < 80
    sandbox.api("flush", {})
    opens = [event for event in receiver.events if event["event"] == "open"]
    assert sum(event["sg_machine_open"] for event in opens) == 2 * first["machine_opens"]
    assert len({event["sg_event_id"] for event in opens}) == len(opens), "each open is a fact of its own"
    assert not {"untracked@example.com", "bounce@example.com"} & {event["email"] for event in opens}


def test_clicks_follow_links_on_this_machine_and_are_told_only_where_tracked(
    sandbox: Running, receiver: Receiver
) -> None:
    def linked(address: str, link: str, *, tracked: bool) -> dict[str, Any]:
        content = [{"type": "text/html", "value": f'<a class="x" href="{link}">go</a>'}]
        return message(address, content=content, tracking_settings={"click_tracking": {"enable": tracked}})

    own = f"http://127.0.0.1:{receiver.port}/a?x=1&amp;y=2"
    sandbox.send(linked("a@example.com", own, tracked=True))
    sandbox.send(linked("b@example.com", "https://example.com/never-asked", tracked=False))
    deeds = sandbox.api("opens", {"clicks": 1.0})
    assert (deeds["clicks"], deeds["links_followed"]) == (1, 0), "the webhook of this test answers GET with 501"
    sandbox.api("flush", {})
    clicks = [event for event in receiver.events if event["event"] == "click"]
    assert [event["url"] for event in clicks] == [f"http://127.0.0.1:{receiver.port}/a?x=1&y=2"]
