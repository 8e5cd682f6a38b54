"""Links prove their bearer: S-01 to S-04 of the security checklist, as far as the token itself goes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.kit import tokens
from newsletter.kit.tokens import BadToken, KeyRing, Purpose

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()
RING = KeyRing.parse(f"2:{NEW},1:{OLD}")

numbers = st.lists(st.integers(0, 2**63 - 1), max_size=4).map(tuple)


@given(st.sampled_from(Purpose), numbers)
def test_a_token_gives_its_numbers_back(purpose: Purpose, given_numbers: tuple[int, ...]) -> None:
    assert RING.verify(purpose, RING.sign(purpose, *given_numbers)) == given_numbers


def test_a_token_serves_only_its_own_purpose() -> None:
    """S-02: the whole square of purposes, and only the diagonal opens."""
    for signed in Purpose:
        token = RING.sign(signed, 7, 11)
        for asked in Purpose:
            if asked is signed:
                assert RING.verify(asked, token) == (7, 11)
            else:
                with pytest.raises(BadToken):
                    RING.verify(asked, token)


@given(numbers)
def test_every_flipped_bit_is_noticed(given_numbers: tuple[int, ...]) -> None:
    """S-03."""
    token = RING.sign(Purpose.UNSUBSCRIBE, *given_numbers)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for place in range(len(raw) * 8):
        raw[place // 8] ^= 1 << place % 8
        forged = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        with pytest.raises(BadToken):
            RING.verify(Purpose.UNSUBSCRIBE, forged)
        raw[place // 8] ^= 1 << place % 8


@given(st.text(max_size=200))
def test_any_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(BadToken):
        RING.verify(Purpose.CLICK, text)


def test_a_token_has_one_spelling() -> None:
    token = RING.sign(Purpose.WEB_COPY, 1)
    for other in (
        f"{token}=",
        f"{token}==",
        f" {token}",
        f"{token}\n",
        token.replace("-", "+").replace("_", "/") + "=",
    ):
        with pytest.raises(BadToken):
            RING.verify(Purpose.WEB_COPY, other)


def test_last_years_key_still_opens_and_todays_signs() -> None:
    """S-04: unsubscribe links have no expiry."""
    yesterday = KeyRing.parse(f"1:{OLD}").sign(Purpose.UNSUBSCRIBE, 5)
    assert RING.verify(Purpose.UNSUBSCRIBE, yesterday) == (5,)
    with pytest.raises(BadToken):
        KeyRing.parse(f"1:{OLD}").verify(Purpose.UNSUBSCRIBE, RING.sign(Purpose.UNSUBSCRIBE, 5))


def test_a_token_is_short_and_safe_in_a_url() -> None:
    token = RING.sign(Purpose.UNSUBSCRIBE, 1_000_000, 500, 1_000_000)
    assert len(token) <= 40
    assert token.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("text", ["", "x", "1", "1:", "1:short", f"256:{NEW}", f"-1:{NEW}", "1:%%%", f"a:{NEW}"])
def test_an_unusable_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        KeyRing.parse(text)
    assert NEW not in str(caught.value)


def test_the_purpose_test_would_notice_a_mac_without_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(KeyRing, "_tag", lambda _self, _key, _purpose, body: (body * 16)[: tokens._TAG_BYTES])
    with pytest.raises(pytest.fail.Exception):
        test_a_token_serves_only_its_own_purpose()
