"""What one reader gets, out of one journal line: pure, and the only place where substitutions are applied."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from newsletter.sandbox.shapes import KINDS_OF_RECIPIENT, is_on

PIXEL_PLACE: Final = "</body>"


@dataclass(frozen=True, slots=True)
class Mail:
    """One recipient's copy of one request. `id` is `<message id>.<number of the recipient in the request>`."""

    message_id: str
    number: int
    row: int
    accepted_at: str
    address: str
    name: str
    subject: str
    sender: Mapping[str, str]
    to: tuple[Mapping[str, str], ...]
    reply_to: tuple[Mapping[str, str], ...]
    headers: Mapping[str, str]
    custom_args: Mapping[str, str]
    categories: tuple[str, ...]
    substitutions: Mapping[str, str]
    content: str
    send_at: int
    opens_tracked: bool
    clicks_tracked: bool
    open_tag: str
    bypasses_suppression: bool

    @property
    def id(self) -> str:
        """Unique over the life of the journal."""
        return f"{self.message_id}.{self.number}"


def substituted(text: str, substitutions: Mapping[str, str]) -> str:
    """Plain replacement in the order given, nothing escaped: what SendGrid does."""
    for tag, value in substitutions.items():
        text = text.replace(tag, value)
    return text


def mails_of(line: Mapping[str, Any]) -> Iterator[Mail]:
    """Every mail of one journal line, numbered over all recipients of the request."""
    common = _common(line["message"])
    number = 0
    for row, personal in enumerate(line["personalizations"]):
        shared = {**common, **_personal(line["message"], personal)}
        for kind in KINDS_OF_RECIPIENT:
            for recipient in personal.get(kind, ()):
                yield Mail(
                    message_id=line["message_id"],
                    accepted_at=line["time"],
                    content=line["content"],
                    number=number,
                    row=row,
                    address=recipient["email"],
                    name=recipient.get("name", ""),
                    **shared,
                )
                number += 1


def body_of(mail: Mail, blocks: list[dict[str, Any]], media_type: str) -> str:
    """The reader's body of one type, substitutions applied; empty when there is none."""
    for block in blocks:
        if block["type"].lower() == media_type:
            return substituted(block["value"], mail.substitutions)
    return ""


def with_pixel(mail: Mail, html: str, pixel: str) -> str:
    """Put SendGrid's open pixel where the tag stands, else at the end of the body."""
    if not mail.opens_tracked:
        return html
    if mail.open_tag and mail.open_tag in html:
        return html.replace(mail.open_tag, pixel)
    before, found, after = html.rpartition(PIXEL_PLACE)
    return f"{before}{pixel}{found}{after}" if found else html + pixel


def _common(message: Mapping[str, Any]) -> dict[str, Any]:
    tracking = message.get("tracking_settings")
    return {
        "categories": tuple(message.get("categories", ())),
        "opens_tracked": is_on(tracking, "open_tracking"),
        "clicks_tracked": is_on(tracking, "click_tracking"),
        "open_tag": (tracking or {}).get("open_tracking", {}).get("substitution_tag", ""),
        "bypasses_suppression": is_on(message.get("mail_settings"), "bypass_list_management"),
    }


def _personal(message: Mapping[str, Any], personal: Mapping[str, Any]) -> dict[str, Any]:
    """The personal value beats the message's; headers and custom arguments are merged key by key.

    Substitutions reach subject, reply-to and bodies, and nothing else.
    """
    tags = personal.get("substitutions", {})
    reply_to = message.get("reply_to_list") or ([message["reply_to"]] if "reply_to" in message else [])
    return {
        "subject": substituted(personal.get("subject", message.get("subject", "")), tags),
        "sender": personal.get("from", message["from"]),
        "to": tuple(personal["to"]),
        "reply_to": tuple({part: substituted(text, tags) for part, text in one.items()} for one in reply_to),
        "headers": {**message.get("headers", {}), **personal.get("headers", {})},
        "custom_args": {**message.get("custom_args", {}), **personal.get("custom_args", {})},
        "substitutions": tags,
        "send_at": personal.get("send_at", message.get("send_at", 0)),
    }
