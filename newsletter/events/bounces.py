"""Whose fault is a bounce? Pure; the codes are those of RFC 3463, the words those that mail hosts print.

The enhanced code decides where there is one, because hosts write anything beside it. `blocked` is SendGrid's word for
a refusal that says nothing about the mailbox, so it is never `hard`; neither is any 5.7.x, whatever the event's name.
"""

from __future__ import annotations

import re

from newsletter.events.vocabulary import BounceClass

_CODE = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_SENDER_WORDS = re.compile(
    r"spam|block(?:ed|list)|black\s?list|\brbl\b|dnsbl|reputation|polic(?:y|ies)|dmarc|\bspf\b|dkim|authenticat"
    r"|rate limit|too many|throttl|not allowed to send|relay(?:ing)? (?:access )?denied|content rejected|virus",
    re.IGNORECASE,
)
_SOFT_WORDS = re.compile(
    r"full|quota|over ?storage|temporar|try again|greylist|timed? ?out|connection|insufficient|resources|mx info",
    re.IGNORECASE,
)
_SENDER_DETAILS = {(1, 7), (1, 8), (2, 3), (3, 4)}
"""Bad sender's address, message too long: about what we sent, not about whom we wrote to."""
_HARD_SUBJECTS = {0, 1, 2, 4}
"""Undefined, addressing, mailbox, routing: with a permanent code these mean that nobody is there."""


def classify(is_blocked: bool, status: str, reason: str) -> BounceClass:
    """Hard, soft, or our own problem. `status` may be empty; a code within the reason counts then."""
    found = _CODE.search(status) or _CODE.search(reason)
    judged = _by_code(int(found[1]), int(found[2]), int(found[3]), reason) if found else _by_words(reason)
    if is_blocked and judged is BounceClass.HARD:
        return BounceClass.SENDER_PROBLEM if _SENDER_WORDS.search(reason) else BounceClass.SOFT
    return judged


def _by_code(severity: int, subject: int, detail: int, reason: str) -> BounceClass:
    if subject in {6, 7} or (subject, detail) in _SENDER_DETAILS:
        return BounceClass.SENDER_PROBLEM
    if severity == 4 or (subject, detail) == (2, 2) or subject not in _HARD_SUBJECTS:
        return BounceClass.SOFT
    return _by_words(reason) if subject == 0 else BounceClass.HARD


def _by_words(reason: str) -> BounceClass:
    if _SENDER_WORDS.search(reason):
        return BounceClass.SENDER_PROBLEM
    return BounceClass.SOFT if _SOFT_WORDS.search(reason) else BounceClass.HARD
