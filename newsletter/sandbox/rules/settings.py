"""Rules about the message as a whole: categories, replies, times, settings that exclude each other."""

from collections.abc import Iterator
from typing import Final

from newsletter.sandbox.complaints import Complaint
from newsletter.sandbox.shapes import Message, is_on

MAX_AHEAD: Final = 72 * 3600
_NARROW_BYPASSES: Final = ("bypass_spam_management", "bypass_bounce_management", "bypass_unsubscribe_management")


def categories_are_ascii(message: Message) -> Iterator[Complaint]:
    """Number, length and uniqueness are the schema's; that they are ASCII is not."""
    for number, category in enumerate(message.get("categories", ())):
        if not category.isascii():
            yield Complaint("A category is ASCII.", f"categories.{number}")


def one_way_to_reply(message: Message) -> Iterator[Complaint]:
    """`reply_to` or `reply_to_list`; nobody twice in the list."""
    answers = [address["email"].lower() for address in message.get("reply_to_list", ())]
    if "reply_to" in message and "reply_to_list" in message:
        yield Complaint("Give reply_to or reply_to_list, not both.", "reply_to_list")
    if len(set(answers)) < len(answers):
        yield Complaint("Each address must be unique.", "reply_to_list")


def bypasses_exclude_each_other(message: Message) -> Iterator[Complaint]:
    """Bypassing the whole list management leaves nothing to bypass in part."""
    asked = message.get("mail_settings", {})
    if not is_on(asked, "bypass_list_management"):
        return
    for name in _NARROW_BYPASSES:
        if is_on(asked, name):
            yield Complaint("Can't be combined with bypass_list_management.", f"mail_settings.{name}")


def not_too_far_ahead(message: Message, at: float) -> Iterator[Complaint]:
    """At most 72 hours ahead of `at`; a time in the past means now."""
    limit = at + MAX_AHEAD
    if message.get("send_at", 0) > limit:
        yield Complaint("At most 72 hours ahead.", "send_at")
    for row, one in enumerate(message["personalizations"]):
        if one.get("send_at", 0) > limit:
            yield Complaint("At most 72 hours ahead.", f"personalizations.{row}.send_at")
