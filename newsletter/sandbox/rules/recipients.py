"""Rules about who a message goes to."""

from collections.abc import Iterator
from typing import Final

from newsletter.sandbox.complaints import Complaint
from newsletter.sandbox.shapes import KINDS_OF_RECIPIENT, Address, Message

MAX_RECIPIENTS: Final = 1000
MAX_ADDRESS: Final = 320


Recipient = tuple[int, str, int, Address]
"""Row, kind and number of a recipient, and the address; the dotted field is built only where it is needed."""


def recipients(message: Message) -> Iterator[Recipient]:
    """Everyone a request is for, in order."""
    for row, one in enumerate(message["personalizations"]):
        for kind in KINDS_OF_RECIPIENT:
            for number, address in enumerate(one.get(kind, ())):
                yield row, kind, number, address


def look_fine(message: Message) -> bool:
    """A look in bulk that spares a faultless request the rules below: true only where none of them complains."""
    everyone = [
        address for one in message["personalizations"] for kind in KINDS_OF_RECIPIENT for address in one.get(kind, ())
    ]
    emails = [address["email"] for address in everyone]
    names = "".join({address.get("name", "") for address in everyone})
    return (
        len(emails) <= MAX_RECIPIENTS
        and "".join(emails).isascii()
        and max(map(len, emails), default=0) <= MAX_ADDRESS
        and len({email.lower() for email in emails}) == len(emails)
        and "," not in names
        and ";" not in names
    )


def not_too_many(message: Message) -> Iterator[Complaint]:
    """At most 1,000 recipients over all personalizations, copies included."""
    count = sum(
        len(one["to"]) + len(one.get("cc", ())) + len(one.get("bcc", ())) for one in message["personalizations"]
    )
    if count > MAX_RECIPIENTS:
        yield Complaint(f"At most {MAX_RECIPIENTS} recipients are allowed, not {count}.", "personalizations")


def addresses_are_plain(message: Message) -> Iterator[Complaint]:
    """ASCII and at most 320 characters; the schema has looked at the form."""
    for row, kind, number, address in recipients(message):
        email = address["email"]
        if not email.isascii() or len(email) > MAX_ADDRESS:
            yield Complaint("Does not contain a valid address.", f"personalizations.{row}.{kind}.{number}.email")


def unique_within_a_mail(message: Message) -> Iterator[Complaint]:
    """Nobody twice in one personalization, whatever the case."""
    seen: set[tuple[int, str]] = set()
    for row, kind, _, address in recipients(message):
        mark = (row, address["email"].lower())
        if mark in seen:
            yield Complaint("Each address must be unique between to, cc and bcc.", f"personalizations.{row}.{kind}")
        seen.add(mark)


def unique_within_a_request(message: Message) -> Iterator[Complaint]:
    """Nobody in two personalizations: not documented, but nobody wants two copies."""
    first: dict[str, int] = {}
    for row, _, _, address in recipients(message):
        earlier = first.setdefault(address["email"].lower(), row)
        if earlier != row:
            yield Complaint(f"This address stands in personalizations.{earlier} too.", f"personalizations.{row}.to")


def names_are_unambiguous(message: Message) -> Iterator[Complaint]:
    """A `,` or `;` in an unquoted display name has been seen to split it into two recipients."""
    for row, kind, number, address in recipients(message):
        name = address.get("name", "")
        if ("," in name or ";" in name) and not _is_quoted(name):
            yield Complaint("Must not hold , or ; outside quotes.", f"personalizations.{row}.{kind}.{number}.name")


def _is_quoted(name: str) -> bool:
    return len(name) > 1 and name.startswith('"') and name.endswith('"')
