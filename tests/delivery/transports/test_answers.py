from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import Message as Headers

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.answers import classify, named_recipients, retry_at, without_addresses
from newsletter.delivery.transports.base import MAX_MESSAGE_ID, Outcome

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
READABLE = orjson.dumps({"errors": [{"message": "Bad Request", "field": None, "help": None}]})
PAGE = b"<html><body>Bad gateway</body></html>"


def headers(**values: str) -> Headers:
    found = Headers()
    for name, value in values.items():
        found[name.replace("_", "-")] = value
    return found


ID = headers(x_message_id="abc")


@pytest.mark.parametrize(
    ("status", "head", "body", "whole", "wire"),
    [
        (202, ID, b"", True, WireClass.ACCEPTED),
        (202, ID, b"", False, WireClass.UNKNOWN),
        (202, headers(), b"", True, WireClass.UNKNOWN),
        (200, ID, b"", True, WireClass.UNKNOWN),
        (204, headers(), b"", True, WireClass.UNKNOWN),
        (429, headers(), READABLE, True, WireClass.THROTTLED),
        (429, headers(), PAGE, True, WireClass.THROTTLED),
        (400, headers(), READABLE, True, WireClass.REFUSED),
        (413, headers(), READABLE, True, WireClass.REFUSED),
        (415, headers(), READABLE, True, WireClass.REFUSED),
        (401, headers(), READABLE, True, WireClass.REFUSED_ACCOUNT),
        (403, headers(), PAGE, True, WireClass.REFUSED_ACCOUNT),
        (404, headers(), READABLE, True, WireClass.REFUSED_OURS),
        (405, headers(), READABLE, True, WireClass.REFUSED_OURS),
        (301, headers(), b"", True, WireClass.REFUSED_CONFIGURATION),
        (303, headers(), b"", True, WireClass.REFUSED_CONFIGURATION),
        (307, headers(), b"", True, WireClass.REFUSED_CONFIGURATION),
        (408, headers(), READABLE, True, WireClass.UNKNOWN),
        (400, headers(), PAGE, True, WireClass.UNKNOWN),
        (413, headers(), b"", True, WireClass.UNKNOWN),
        (404, headers(), b"[]", True, WireClass.UNKNOWN),
        (400, headers(), b'{"errors": "many"}', True, WireClass.UNKNOWN),
        (500, headers(), READABLE, True, WireClass.UNKNOWN),
        (502, headers(), PAGE, True, WireClass.UNKNOWN),
        (503, headers(), READABLE, True, WireClass.UNKNOWN),
        (504, headers(), b"", True, WireClass.UNKNOWN),
        (100, headers(), b"", True, WireClass.UNKNOWN),
        (600, headers(), b"", True, WireClass.UNKNOWN),
    ],
)
def test_each_row_of_the_wire_table(status: int, head: Headers, body: bytes, whole: bool, wire: WireClass) -> None:
    """reliability.md, section 3."""
    assert classify(status, head, body, NOW, body_left_whole=whole).wire is wire


@given(st.integers(100, 599), st.binary(max_size=60), st.booleans())
def test_nothing_but_a_202_with_an_id_to_a_whole_body_is_accepted(status: int, body: bytes, whole: bool) -> None:
    outcome = classify(status, ID, body, NOW, body_left_whole=whole)
    assert (outcome.wire is WireClass.ACCEPTED) == (status == 202 and whole)


def test_the_readers_a_refusal_names_are_found() -> None:
    fields = ["personalizations.3.to", "personalizations.0", "personalizations[12].subject"]
    assert named_recipients([{"field": field} for field in fields]) == (0, 3, 12)
    assert named_recipients([{"field": "personalizations.3.to"}, {"field": None}]) == ()
    assert named_recipients([{"field": "from.email"}, {}]) == ()
    assert named_recipients([]) == ()


def test_only_a_refusal_of_content_names_readers() -> None:
    body = orjson.dumps({"errors": [{"message": "no", "field": "personalizations.1.to"}]})
    assert classify(400, headers(), body, NOW, body_left_whole=True).named == (1,)
    assert classify(404, headers(), body, NOW, body_left_whole=True).named == ()


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        (headers(retry_after="0"), 0),
        (headers(retry_after="1"), 1),
        (headers(retry_after="30"), 30),
        (headers(retry_after="1000000000"), 10**9),
        (headers(retry_after="Tue, 01 Sep 2026 09:01:00 GMT"), 60),
        (headers(retry_after="Tue, 01 Sep 2026 18:01:00 +0900"), 60),
        (headers(retry_after="-5"), None),
        (headers(retry_after="abc"), None),
        (headers(retry_after="٣"), None),
        (headers(), None),
        (headers(x_ratelimit_reset=str(int(NOW.timestamp()) + 42)), 42),
        (headers(x_ratelimit_reset="999999999999"), None),
        (headers(x_ratelimit_reset="soon"), None),
        (headers(retry_after="abc", x_ratelimit_reset=str(int(NOW.timestamp()) + 7)), 7),
        (headers(retry_after="5", x_ratelimit_reset=str(int(NOW.timestamp()) + 7)), 5),
    ],
)
def test_a_wish_to_be_asked_later_is_read_in_all_its_forms(head: Headers, seconds: int | None) -> None:
    """R-30."""
    found = retry_at(head, NOW)
    if seconds is None:
        assert found is None or found > NOW + timedelta(days=365)  # far beyond what is heeded anyway
    else:
        assert found == NOW + timedelta(seconds=seconds)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_the_reading(after: str, reset: str) -> None:
    retry_at({"Retry-After": after, "X-RateLimit-Reset": reset}, NOW)


def test_what_a_provider_says_is_kept_without_addresses() -> None:
    """I11."""
    body = orjson.dumps({"errors": [{"message": "dave@example.com is <Carol@Example.net> on a list", "field": "from"}]})
    detail = classify(400, headers(), body, NOW, body_left_whole=True).detail
    assert detail == "HTTP 400: <address> is <<address>> on a list"
    assert without_addresses("nobody here") == "nobody here"
    long = orjson.dumps({"errors": [{"message": "x" * 5000}] * 9})
    assert len(classify(400, headers(), long, NOW, body_left_whole=True).detail or "") == 400


def test_an_endless_message_id_is_cut_to_what_can_be_stored() -> None:
    """A result that can't be stored would make an accepted batch unknown."""
    assert Outcome(WireClass.ACCEPTED, "m" * 1_000).message_id == "m" * MAX_MESSAGE_ID
