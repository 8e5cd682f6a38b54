from __future__ import annotations

import re
import string

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.addresses import normalise
from subscribers.errors import InvalidAddress

LONG_LABEL = "b" * 63
LONG_DOMAIN = ".".join(["b" * 60] * 3)

SAME = [
    # written, mailed, compared
    ("alice@example.com", "alice@example.com", "alice@example.com"),
    ("Alice@example.com", "Alice@example.com", "alice@example.com"),
    ("ALICE@EXAMPLE.COM", "ALICE@example.com", "alice@example.com"),
    ("alice@Example.Com", "alice@example.com", "alice@example.com"),
    ("  alice@example.com", "alice@example.com", "alice@example.com"),
    ("alice@example.com  ", "alice@example.com", "alice@example.com"),
    ("\talice@example.com\t", "alice@example.com", "alice@example.com"),
    ("\u00a0alice@example.com", "alice@example.com", "alice@example.com"),
    ("\u3000alice@example.com", "alice@example.com", "alice@example.com"),
    ("\ufeffalice@example.com", "alice@example.com", "alice@example.com"),
    ("alice@example.com\u200b", "alice@example.com", "alice@example.com"),
    ("alice.b@example.com", "alice.b@example.com", "alice.b@example.com"),
    ("aliceb@example.com", "aliceb@example.com", "aliceb@example.com"),
    ("alice+news@example.com", "alice+news@example.com", "alice+news@example.com"),
    ("alice_b@example.com", "alice_b@example.com", "alice_b@example.com"),
    ("alice-b@example.com", "alice-b@example.com", "alice-b@example.com"),
    ("-alice@example.com", "-alice@example.com", "-alice@example.com"),
    ("+alice@example.com", "+alice@example.com", "+alice@example.com"),
    ("=alice@example.com", "=alice@example.com", "=alice@example.com"),
    ("1234@example.com", "1234@example.com", "1234@example.com"),
    ("a@example.com", "a@example.com", "a@example.com"),
    ("a@b.co", "a@b.co", "a@b.co"),
    ("a@1.example.com", "a@1.example.com", "a@1.example.com"),
    ("a@ex-ample.com", "a@ex-ample.com", "a@ex-ample.com"),
    ("a@x--y.com", "a@x--y.com", "a@x--y.com"),
    ("a@mail.sub.example.org", "a@mail.sub.example.org", "a@mail.sub.example.org"),
    ("o'alice@example.com", "o'alice@example.com", "o'alice@example.com"),
    ("alice!b@example.com", "alice!b@example.com", "alice!b@example.com"),
    ("alice/b=c@example.com", "alice/b=c@example.com", "alice/b=c@example.com"),
    ("{alice}@example.com", "{alice}@example.com", "{alice}@example.com"),
    (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    (f"a@{LONG_LABEL}.com", f"a@{LONG_LABEL}.com", f"a@{LONG_LABEL}.com"),
    # domains of any script become their A-label, and one that is written so already stays
    ("a@한국.kr", "a@xn--3e0b707e.kr", "a@xn--3e0b707e.kr"),
    ("A@한국.KR", "A@xn--3e0b707e.kr", "a@xn--3e0b707e.kr"),
    ("a@xn--3e0b707e.kr", "a@xn--3e0b707e.kr", "a@xn--3e0b707e.kr"),
    ("a@XN--3E0B707E.kr", "a@xn--3e0b707e.kr", "a@xn--3e0b707e.kr"),
    ("a@\u1112\u1161\u11ab\u1100\u116e\u11a8.kr", "a@xn--3e0b707e.kr", "a@xn--3e0b707e.kr"),  # decomposed Hangul
    ("a@faß.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de"),
    ("a@bücher.example.com", "a@xn--bcher-kva.example.com", "a@xn--bcher-kva.example.com"),
    ("a@ｅxample.com", "a@example.com", "a@example.com"),  # full-width letter
    ("a@example．com", "a@example.com", "a@example.com"),  # full-width stop
    ("a@example。com", "a@example.com", "a@example.com"),  # ideographic stop
]

REFUSED = [
    ("", "no @"),
    ("alice", "no @"),
    ("example.com", "no @"),
    ("@example.com", "before the @"),
    ("alice@", "after the @"),
    ("alice@@example.com", "invalid characters"),
    ("a@b@example.com", "invalid characters|before the @"),
    ("alice@localhost", "period"),
    ("alice@example", "period"),
    ("alice@foo.test", "reserved"),
    ("alice@foo.invalid", "reserved"),
    ("alice@foo.local", "reserved"),
    ("alice@home.arpa", "reserved"),
    ("alice@[127.0.0.1]", "bracketed"),
    ('"alice b"@example.com', "Quoting"),
    ("alice b@example.com", "SPACE"),
    ("Alice <alice@example.com>", "bare address"),
    ("<alice@example.com>", "bare address"),
    ("alice@example.com, bob@example.org", "bare address"),
    ("alice@example.com;bob@example.org", "bare address"),
    (".alice@example.com", "period"),
    ("alice.@example.com", "period"),
    ("alice..b@example.com", "two periods"),
    ("alice@example..com", "two periods"),
    ("alice@example.com.", "period"),
    ("alice@.example.com", "period"),
    ("alice@-example.com", "hyphen"),
    ("alice@example-.com", "hyphen"),
    ("alice@ex_ample.com", "invalid characters"),
    ("alice@exam ple.com", "SPACE"),
    ("alice@example.123", "top-level"),
    ("alice@ab--c.com", "dashes"),
    ("alice@xn--80.com", "IDNA"),
    (f"{'a' * 65}@example.com", "64 characters"),
    (f"a@{LONG_LABEL}b.com", "too many"),
    (f"{'a' * 64}@{LONG_DOMAIN}.example.com", "254 characters|too long"),
    ("앨리스@example.com", "letters outside"),
    ("älice@example.com", "letters outside"),
    ("\u212aelvin@example.com", "letters outside"),  # the Kelvin sign, which casefolds to k
    ("ａlice@example.com", "letters outside"),
    ("al\u200bice@example.com", "letters outside"),
    ("alice＠example.com", "no @"),
    ("alice@example.com\nBcc: bob@example.org", "line break"),
    ("alice@example.com\r\n", "line break"),
    ("\nalice@example.com", "line break"),
    ("alice\0@example.com", "control"),
    ("alice\x1b@example.com", "control"),
    ("alice@example\x7f.com", "control"),
    ("alice@exam\u2028ple.com", "control"),
]


@pytest.mark.parametrize(("written", "mailed", "compared"), SAME)
def test_an_address_has_one_form_to_mail_and_one_to_compare(written: str, mailed: str, compared: str) -> None:
    address = normalise(written)
    assert (address.email, address.key) == (mailed, compared)


@pytest.mark.parametrize(("written", "why"), REFUSED)
def test_what_no_mail_can_reach_is_refused_with_a_reason(written: str, why: str) -> None:
    with pytest.raises(InvalidAddress, match=re.compile(why, re.IGNORECASE)) as refused:
        normalise(written)
    assert "@" not in written or len(written) < 5 or written not in refused.value.reason, "reasons end up in logs"


def test_the_identity_table_has_its_rows() -> None:
    assert len(SAME) + len(REFUSED) >= 90


@pytest.mark.parametrize("written", [row[0] for row in SAME])
def test_normalising_twice_is_normalising_once(written: str) -> None:
    once = normalise(written)
    assert normalise(once.email) == once
    assert normalise(once.key).key == once.key


ATOMS = string.ascii_letters + string.digits + "_+-.!'"
LABELS = string.ascii_letters + string.digits + "-."
addresses = st.builds(
    "{}@{}.{}".format,
    st.text(ATOMS, min_size=1, max_size=70),
    st.text(LABELS, min_size=1, max_size=70),
    st.sampled_from(["com", "kr", "test", "c", "123", "localhost", "example.org", "xn--3e0b707e"]),
)


@given(addresses)
@settings(max_examples=400)
def test_the_fast_path_says_what_the_validator_says(written: str) -> None:
    """The short cut for ASCII may never accept what the validator refuses, nor write it differently."""
    try:
        expected = validate_email(written, allow_smtputf8=False, check_deliverability=False).ascii_email
    except EmailNotValidError:
        expected = None
    try:
        found: str | None = normalise(written).email
    except InvalidAddress:
        found = None
    if expected is not None and (len(written.rpartition("@")[0]) > 64 or len(expected) > 254):
        expected = None
    assert found == expected


@given(st.one_of(addresses, st.text(max_size=40), st.emails()))
@settings(max_examples=400)
def test_any_text_is_normalised_idempotently_or_refused(written: str) -> None:
    try:
        once = normalise(written)
    except InvalidAddress:
        return
    assert normalise(once.email) == once
    assert once.email.isascii()
    assert not re.search(r"[\s\x00-\x1f\x7f]", once.email)
    assert normalise(once.email.upper()).key == once.key
