"""Rules about subject, content and template."""

from collections.abc import Iterator
from typing import Final

from newsletter.sandbox.complaints import Complaint
from newsletter.sandbox.shapes import Message

_FORBIDDEN_IN_TYPE: Final = frozenset(";,\r\n")
_FIRST: Final = ("text/plain", "text/html")


def subject_is_there(message: Message) -> Iterator[Complaint]:
    """In the message or in every personalization, unless a template brings one."""
    if "template_id" in message or message.get("subject"):
        return
    if not all(one.get("subject") for one in message["personalizations"]):
        yield Complaint("A subject is required, in the message or in every personalization.", "subject")


def content_is_there(message: Message) -> Iterator[Complaint]:
    """At least one body, unless a template brings it."""
    if "template_id" not in message and not message.get("content"):
        yield Complaint("At least one content block is required.", "content")


def plain_text_comes_first(message: Message) -> Iterator[Complaint]:
    """`text/plain`, then `text/html`, then anything else."""
    ranks = [_rank(block["type"]) for block in message.get("content", ())]
    if ranks != sorted(ranks):
        yield Complaint("text/plain comes first, then text/html, then other types.", "content")


def types_are_plain(message: Message) -> Iterator[Complaint]:
    """A media type carries no parameters and no list."""
    for number, block in enumerate(message.get("content", ())):
        if _FORBIDDEN_IN_TYPE & set(block["type"]):
            yield Complaint("Must not hold ; , or a line break.", f"content.{number}.type")


def dynamic_template_has_no_substitutions(message: Message) -> Iterator[Complaint]:
    """Dynamic templates take `dynamic_template_data` instead."""
    if not message.get("template_id", "").startswith("d-"):
        return
    for row, one in enumerate(message["personalizations"]):
        if "substitutions" in one:
            field = f"personalizations.{row}.substitutions"
            yield Complaint("Substitutions can't be used with a dynamic template.", field)


def _rank(media_type: str) -> int:
    folded = media_type.lower()
    return _FIRST.index(folded) if folded in _FIRST else len(_FIRST)
