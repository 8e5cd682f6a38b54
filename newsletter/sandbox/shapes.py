"""The members of a mail send request that the stand-in reads, once the schema has vouched for their types."""

from typing import Any, Final, Literal, NotRequired, TypedDict


class Address(TypedDict):
    """One mailbox: `{"email": …, "name": …}`."""

    email: str
    name: NotRequired[str]


class Personalization(TypedDict):
    """What is personal about one mail."""

    to: list[Address]
    cc: NotRequired[list[Address]]
    bcc: NotRequired[list[Address]]
    subject: NotRequired[str]
    headers: NotRequired[dict[str, str]]
    substitutions: NotRequired[dict[str, str]]
    custom_args: NotRequired[dict[str, str]]
    dynamic_template_data: NotRequired[dict[str, Any]]
    send_at: NotRequired[int]


# `from` is a keyword, so the member needs the functional form.
_From = TypedDict("_From", {"from": NotRequired[Address]})


class Content(TypedDict):
    """One body: its media type and its text."""

    type: str
    value: str


class Message(_From, total=False):
    """A whole request."""

    personalizations: list[Personalization]
    subject: str
    content: list[Content]
    reply_to: Address
    reply_to_list: list[Address]
    template_id: str
    headers: dict[str, str]
    custom_args: dict[str, str]
    categories: list[str]
    send_at: int
    mail_settings: dict[str, dict[str, Any]]
    tracking_settings: dict[str, dict[str, Any]]


KINDS_OF_RECIPIENT: Final[tuple[Literal["to", "cc", "bcc"], ...]] = ("to", "cc", "bcc")


def is_on(settings: dict[str, dict[str, Any]] | None, name: str) -> bool:
    """Whether `settings[name].enable` is true; every setting is off unless it says so."""
    return bool((settings or {}).get(name, {}).get("enable"))
