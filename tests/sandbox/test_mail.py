"""What one reader gets out of a journal line."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sandbox.journal import entry_of
from newsletter.sandbox.mail import Mail, body_of, mails_of, substituted, with_pixel
from tests.sandbox.support import message, personal


def mails(body: dict[str, Any]) -> list[Mail]:
    whole: Any = body
    return list(mails_of(orjson.loads(entry_of(whole, "q7Zr0aQkTn2m8s1dYw3LxA", 1_700_000_000.5, None).line)))


def test_substitutions_reach_subject_reply_to_and_bodies_and_nothing_else() -> None:
    body = message(reply_to={"email": "reply@example.com", "name": "-name-"}, headers={"X-Name": "-name-"})
    body["custom_args"] = {"who": "-name-"}
    mail = mails(body)[0]
    assert mail.subject == "Hello Alice"
    assert mail.reply_to == ({"email": "reply@example.com", "name": "Alice"},)
    assert body_of(mail, body["content"], "text/plain") == "Hi Alice"
    assert "Hi Alice &amp; Co" in body_of(mail, body["content"], "text/html")
    assert mail.headers["X-Name"] == "-name-"
    assert mail.custom_args["who"] == "-name-"


def test_a_missing_value_leaves_the_tag_visible() -> None:
    body = message()
    body["personalizations"][0]["substitutions"] = {}
    assert mails(body)[0].subject == "Hello -name-"


@given(st.text(), st.text(min_size=1), st.text())
def test_a_value_is_inserted_as_it_is(text: str, tag: str, value: str) -> None:
    assert substituted(text, {tag: value}) == value.join(text.split(tag))


def test_the_personal_value_beats_the_common_one_and_maps_are_merged_by_key() -> None:
    body = message(headers={"X-A": "common", "X-B": "common"}, custom_args={"a": "common", "b": "common"}, send_at=1)
    body["personalizations"] = [
        personal("a@example.com", subject="Mine", headers={"X-A": "own"}, custom_args={"a": "own"}, send_at=2)
    ]
    mail = mails(body)[0]
    assert mail.subject == "Mine"
    assert dict(mail.headers) == {"X-A": "own", "X-B": "common"}
    assert dict(mail.custom_args) == {"a": "own", "b": "common"}
    assert mail.send_at == 2


def test_each_recipient_has_one_mail_with_a_number_of_its_own() -> None:
    body = message("a@example.com", "b@example.com")
    body["personalizations"][0]["cc"] = [{"email": "c@example.com"}]
    assert [(one.address, one.row, one.id[-2:]) for one in mails(body)] == [
        ("a@example.com", 0, ".0"),
        ("c@example.com", 0, ".1"),
        ("b@example.com", 1, ".2"),
    ]


def test_the_pixel_stands_at_its_tag_else_at_the_end_and_only_when_opens_are_tracked() -> None:
    page = "<body>-px-<p>text</p></body>"
    untracked = mails(message())[0]
    at_end = mails(message(tracking_settings={"open_tracking": {"enable": True}}))[0]
    at_tag = mails(message(tracking_settings={"open_tracking": {"enable": True, "substitution_tag": "-px-"}}))[0]
    assert with_pixel(untracked, page, "PIXEL") == page
    assert with_pixel(at_end, page, "PIXEL") == "<body>-px-<p>text</p>PIXEL</body>"
    assert with_pixel(at_tag, page, "PIXEL") == "<body>PIXEL<p>text</p></body>"
