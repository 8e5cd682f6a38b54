"""R-69: what hosts answer, in the forms they answer it, sorted by whose fault it is."""

from __future__ import annotations

import pytest

from newsletter.events.bounces import classify
from newsletter.events.vocabulary import BounceClass

HARD, SOFT, SENDER = BounceClass.HARD, BounceClass.SOFT, BounceClass.SENDER_PROBLEM
BOUNCE, BLOCKED = False, True

REASONS = [
    # An address that does not exist, with and without an enhanced code
    (BOUNCE, "5.1.1", "550 5.1.1 user unknown", HARD),
    (BOUNCE, "", "550 5.1.1 recipient not found at this host", HARD),
    (BOUNCE, "5.1.1", "550-5.1.1 The account you tried does not exist (gsmtp)", HARD),
    (BOUNCE, "5.1.2", "550 5.1.2 host of the recipient is unknown", HARD),
    (BOUNCE, "5.1.3", "501 5.1.3 recipient syntax not understood", HARD),
    (BOUNCE, "5.1.6", "550 5.1.6 mailbox has moved", HARD),
    (BOUNCE, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", HARD),
    (BOUNCE, "5.2.1", "550 5.2.1 this mailbox is disabled", HARD),
    (BOUNCE, "5.2.1", "554 5.2.1 inactive account", HARD),
    (BOUNCE, "5.4.1", "550 5.4.1 recipient rejected: access denied", HARD),
    (BOUNCE, "5.4.4", "550 5.4.4 no route to that domain", HARD),
    (BOUNCE, "5.0.0", "550 no such mailbox here", HARD),
    (BOUNCE, "5.0.0", "550 mailbox unavailable", HARD),
    (BOUNCE, "", "550 unknown local part", HARD),
    (BOUNCE, "", "551 user not local", HARD),
    (BOUNCE, "", "553 invalid recipient", HARD),
    (BOUNCE, "", "", HARD),
    (BOUNCE, "not a code", "550 no mailbox by that name", HARD),
    (BOUNCE, "5.1.1", "550 5.1.1 no such user; see our policy page", HARD),
    (BOUNCE, "5.1.1", "550 5.1.1 사용자를 찾을 수 없습니다", HARD),
    # A mailbox that exists and can't take it now
    (BOUNCE, "5.2.2", "552 5.2.2 mailbox is over its quota", SOFT),
    (BOUNCE, "4.2.2", "452 4.2.2 mailbox full", SOFT),
    (BOUNCE, "", "552 the mailbox is full", SOFT),
    (BOUNCE, "", "452 insufficient system storage", SOFT),
    (BOUNCE, "4.4.7", "expired after three days in the queue", SOFT),
    (BOUNCE, "4.3.2", "421 4.3.2 system not accepting mail", SOFT),
    (BOUNCE, "5.3.0", "554 5.3.0 the system failed", SOFT),
    (BOUNCE, "5.3.2", "550 5.3.2 system shut down", SOFT),
    (BOUNCE, "5.5.0", "550 5.5.0 protocol trouble", SOFT),
    (BOUNCE, "5.5.2", "500 5.5.2 command not understood", SOFT),
    (BOUNCE, "", "connection timed out", SOFT),
    (BOUNCE, "", "450 greylisted, try again in five minutes", SOFT),
    (BOUNCE, "4.1.1", "450 4.1.1 recipient is unverified for now", SOFT),
    (BOUNCE, "", "unable to get mx info: no such host", SOFT),
    # What is our own doing
    (BOUNCE, "5.7.1", "550 5.7.1 refused by policy", SENDER),
    (BOUNCE, "5.7.1", "550 5.7.1 user unknown", SENDER),
    (BOUNCE, "5.7.26", "550 5.7.26 this mail is unauthenticated", SENDER),
    (BOUNCE, "5.7.515", "550 5.7.515 the sending domain lacks authentication", SENDER),
    (BOUNCE, "5.7.606", "550 5.7.606 banned sending IP", SENDER),
    (BOUNCE, "5.6.0", "554 5.6.0 body not acceptable", SENDER),
    (BOUNCE, "5.1.8", "553 5.1.8 sender's domain not found", SENDER),
    (BOUNCE, "5.1.7", "553 5.1.7 sender's address is malformed", SENDER),
    (BOUNCE, "5.3.4", "552 5.3.4 message is larger than we take", SENDER),
    (BOUNCE, "5.0.0", "554 message looks like spam", SENDER),
    (BOUNCE, "", "554 your address is on a DNSBL", SENDER),
    (BOUNCE, "", "550 rejected for DMARC", SENDER),
    (BOUNCE, "", "550 SPF check failed", SENDER),
    (BOUNCE, "", "554 relay access denied", SENDER),
    (BOUNCE, "4.7.0", "421 4.7.0 too much mail from you", SENDER),
    # `blocked` never is hard, whatever it says
    (BLOCKED, "5.7.1", "550 5.7.1 message refused by policy", SENDER),
    (BLOCKED, "", "unable to get mx info: no such host", SOFT),
    (BLOCKED, "5.1.1", "550 5.1.1 user unknown", SOFT),
    (BLOCKED, "5.1.1", "550 5.1.1 unknown user, blocked", SENDER),
    (BLOCKED, "5.0.0", "550 mailbox unavailable", SOFT),
    (BLOCKED, "", "", SOFT),
    (BLOCKED, "5.2.1", "550 5.2.1 receiving at too high a rate", SOFT),
    (BLOCKED, "4.7.1", "451 4.7.1 slow down", SENDER),
    (BLOCKED, "", "554 blacklisted", SENDER),
    (BLOCKED, "", "550 rate limit reached", SENDER),
    (BLOCKED, "5.4.1", "550 5.4.1 access denied", SOFT),
    (BLOCKED, "5.1.2", "550 5.1.2 no host", SOFT),
]


def test_sixty_reasons_are_here() -> None:
    assert len(REASONS) >= 60


@pytest.mark.parametrize(("is_blocked", "status", "reason", "expected"), REASONS)
def test_a_reason_is_judged(is_blocked: bool, status: str, reason: str, expected: BounceClass) -> None:
    assert classify(is_blocked, status, reason) is expected


@pytest.mark.parametrize(("_blocked", "status", "reason", "_expected"), REASONS)
def test_blocked_never_suppresses(_blocked: bool, status: str, reason: str, _expected: BounceClass) -> None:
    assert classify(BLOCKED, status, reason) is not HARD


def test_numbers_that_are_no_code_do_not_judge() -> None:
    assert classify(BOUNCE, "", "550 no mailbox (host 5.7.1.22)") is HARD
    assert classify(BOUNCE, "", "550 no mailbox (version 15.7.1)") is HARD
