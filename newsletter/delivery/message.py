"""One request's worth of mail, and everything that must hold before the intent to send it is stored. Pure.

Limits are SendGrid's, the smaller where its papers disagree (docs/sendgrid.md); other transports live well with them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from newsletter.errors import NewsletterError

MAX_RECIPIENTS: Final = 1000
MAX_REQUEST_BYTES: Final = 30_000_000
MAX_SUBSTITUTIONS: Final = 150
MAX_SUBSTITUTION_BYTES: Final = 10_000
MAX_SUBJECT_BYTES: Final = 998
MAX_NAME: Final = 200
MAX_LIST_ID: Final = 255

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Controls that turn the direction of all text after them: harmless in a body's own box, not in a header."""
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])")
_URI: Final = re.compile(
    r"(?:https://|mailto:|http://(?:127\.0\.0\.1|localhost|\[::1\])(?=[:/]))[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+;=%]+"
)
"""What may stand between < and > in List-Unsubscribe. One click needs https (RFC 8058), except on this very machine."""


class MessageError(NewsletterError):
    """A whole message can't be sent as it is; nothing was stored or handed over."""


class UnfitRecipient(MessageError):  # noqa: N818 -- reads as the sentence it is
    """One reader can't be written to as planned; the others can."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What all readers of one variant get. HTML and text hold the personal tags; the subject holds none."""

    subject: str
    html: str
    text: str
    from_email: str
    from_name: str
    list_id: str
    """Value of the List-Id header: `<slug.domain>`, the same for a list for ever (RFC 2919)."""
    reply_to: str | None = None
    language: str = "ko"
    open_tag: str | None = None
    """Where SendGrid puts its pixel; set only where every reader chose individual tracking."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One reader of a letter. `substitutions` are tag → value, escaped for their place already."""

    position: int
    email: str
    name: str
    substitutions: Mapping[str, str]
    unsubscribe_url: str
    """Takes the one-click POST of RFC 8058 and shows a page to people."""
    unsubscribe_mailto: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A letter and its readers, under one attempt id. What a transport is handed."""

    letter: Letter
    recipients: tuple[Recipient, ...]
    campaign_id: int
    attempt_id: str
    at: datetime

    def only(self, positions: Collection[int]) -> Message:
        """The same message without the readers at other positions."""
        kept = frozenset(positions)
        return replace(self, recipients=tuple(one for one in self.recipients if one.position in kept))

    def delivery_id(self, recipient: Recipient) -> str:
        """The opaque name under which events come back; says nothing about the person."""
        return f"{self.campaign_id}-{recipient.position}"


def list_unsubscribe(recipient: Recipient) -> str:
    """Value of the List-Unsubscribe header (RFC 2369)."""
    uris = [recipient.unsubscribe_url]
    if recipient.unsubscribe_mailto:
        uris.append(recipient.unsubscribe_mailto)
    return ", ".join(f"<{uri}>" for uri in uris)


def list_id(slug: str, from_email: str) -> str:
    """A list's name for mail programs, made of what does not change when the list is renamed (RFC 2919)."""
    return f"<{slug}.{from_email.rpartition('@')[2]}>"


def check(message: Message) -> None:
    """Raise `MessageError` for whatever a provider would refuse as a whole. Readers are checked one by one before."""
    check_letter(message.letter)
    if not 1 <= len(message.recipients) <= MAX_RECIPIENTS:
        raise MessageError(f"A request has 1 to {MAX_RECIPIENTS} readers, not {len(message.recipients)}.")
    if len({one.email.lower() for one in message.recipients}) != len(message.recipients):
        raise MessageError("Two readers of one request have the same address.")
    if (size := _largest_size(message)) >= MAX_REQUEST_BYTES:
        raise MessageError(f"The request could take {size:,} bytes; it must stay under {MAX_REQUEST_BYTES:,}.")


def check_letter(letter: Letter) -> None:
    """Raise `MessageError` for a letter nobody can be sent."""
    for what, value in (("subject", letter.subject), ("sender's name", letter.from_name), ("List-Id", letter.list_id)):
        _refuse_controls(what, value)
    if not letter.subject.strip() or not letter.html.strip() or not letter.text.strip():
        raise MessageError("A mail needs a subject, an HTML part and a text part.")
    if len(letter.subject.encode()) > MAX_SUBJECT_BYTES:
        raise MessageError(f"The subject must stay within {MAX_SUBJECT_BYTES} bytes.")
    if not letter.list_id.isascii() or len(letter.list_id) > MAX_LIST_ID:
        raise MessageError(f"The List-Id {letter.list_id!r} must be ASCII and at most {MAX_LIST_ID} long.")
    for address in filter(None, (letter.from_email, letter.reply_to)):
        if not is_address(address):
            raise MessageError(f"{address!r} is no address mail can be sent from; write name@example.org.")


def check_recipient(recipient: Recipient) -> None:
    """Raise `UnfitRecipient`, without naming the person, for one reader who can't be part of a request."""
    if not is_address(recipient.email):
        raise UnfitRecipient("address: not one a request can carry")
    if len(recipient.name) > MAX_NAME or _CONTROL.search(recipient.name) or _TURNING.search(recipient.name):
        raise UnfitRecipient(f"name: longer than {MAX_NAME} characters, or with control characters")
    values = recipient.substitutions
    size = sum(len(tag) + len(value.encode(errors="surrogatepass")) for tag, value in values.items())
    if len(values) > MAX_SUBSTITUTIONS or size > MAX_SUBSTITUTION_BYTES:
        raise UnfitRecipient(f"substitutions: {len(values)} of {size} bytes, over the limit")
    if not all(values.values()):
        raise UnfitRecipient("substitutions: one is empty")
    if not all(_URI.fullmatch(uri) for uri in filter(None, (recipient.unsubscribe_url, recipient.unsubscribe_mailto))):
        raise UnfitRecipient("unsubscribe address: it must be https and fit for a header")


def is_address(text: str) -> bool:
    """Whether this is an ASCII address that needs no quoting and no SMTPUTF8 (RFC 5321 4.5.3.1, RFC 6531)."""
    return len(text) <= 320 and _ADDRESS.fullmatch(text) is not None


def _refuse_controls(what: str, value: str) -> None:
    if _CONTROL.search(value) or _TURNING.search(value):
        raise MessageError(f"The {what} holds a control character; take it out.")


def _largest_size(message: Message) -> int:
    """No JSON of this message is longer: each byte of a body doubles at worst, and a reader's frame is under 700."""
    letter = message.letter
    shared = len(letter.html.encode()) + len(letter.text.encode())
    personal = MAX_SUBSTITUTION_BYTES + MAX_SUBJECT_BYTES + 700
    return 2 * shared + len(message.recipients) * personal + 4000
