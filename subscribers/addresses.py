"""An address as it is mailed and as it is compared.

`normalise` is idempotent, and two spellings that reach the same mailbox by the rules of the mail system (not of one
provider) have one key: case never matters, a domain of any script becomes its A-label (IDNA 2008). Dots and `+tags`
stay, for only their provider knows what they mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import InvalidAddress

MAX_LENGTH = 254
"""RFC 5321 4.5.3.1.3 counts 256 octets with the angle brackets."""
MAX_LOCAL = 64
"""RFC 5321 4.5.3.1.1."""
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""Most addresses: sure to be valid, so they need no more than this. What does not match is looked at closely."""
_RESERVED = (".arpa", ".invalid", ".local", ".localhost", ".onion", ".test")
"""Ends of names that no mail reaches (RFC 6761, 7686); those under example.com are left for demonstrations."""
_CONTROL = re.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
_EDGES = " \t\u00a0\u3000\ufeff\u200b"
"""What comes along when an address is copied from a page."""


@dataclass(frozen=True, slots=True)
class Address:
    """`email` is written on the envelope; `key` is what addresses are compared by."""

    email: str
    key: str


def normalise(text: str) -> Address:
    """The address that `text` means, or `InvalidAddress` with a reason that never repeats the address."""
    if _CONTROL.search(text):
        raise InvalidAddress("the address holds a line break or another control character: write it on one line")
    candidate = text.strip(_EDGES)
    if len(candidate) <= MAX_LENGTH and _PLAIN.fullmatch(candidate) and _is_plain_domain(candidate):
        return _address(candidate)
    _refuse_at_sight(candidate)
    return _address(_looked_at_closely(candidate))


def _is_plain_domain(candidate: str) -> bool:
    domain = candidate.rpartition("@")[2]
    return "--" not in domain and not f".{domain.lower()}".endswith(_RESERVED)


def _refuse_at_sight(candidate: str) -> None:
    """The mistakes people make, each with its own words."""
    local, at, _domain = candidate.rpartition("@")
    if not at:
        raise InvalidAddress("the address has no @: write it as name@example.com")
    if any(character in candidate for character in "<>,;"):
        raise InvalidAddress("only the bare address goes here: one, without a name, <, >, comma or semicolon")
    if not local.isascii():
        raise InvalidAddress(
            "letters outside a–z before the @ can't be mailed (the provider takes such an address and drops the mail): "
            "ask for another address"
        )
    if len(local) > MAX_LOCAL:
        raise InvalidAddress(f"more than {MAX_LOCAL} characters before the @: check for a missing space or comma")


def _looked_at_closely(candidate: str) -> str:
    try:
        found = validate_email(candidate, allow_smtputf8=False, check_deliverability=False)
    except EmailNotValidError as error:
        raise InvalidAddress(f"not an address that mail can reach: {_without_address(str(error))}") from None
    assert found.ascii_email is not None  # always there, since nothing outside ASCII is allowed before the @
    return found.ascii_email


def _without_address(reason: str) -> str:
    """The validator's sentence; it may quote single characters, never the whole address."""
    return reason.rstrip(".")[:200]


def _address(email: str) -> Address:
    local, _at, domain = email.rpartition("@")
    return Address(f"{local}@{domain.lower()}", email.casefold())
