"""What SendGrid asks beyond its schema, one small pure function per rule.

A rule takes the message (and, where it needs it, the hour) and yields complaints. The limits are the smaller of the
published ones. `STRICT_RECIPIENTS` holds rules that are judged sensible but not documented; the switch turns them
off.
"""

from collections.abc import Callable, Iterator
from typing import Final

from newsletter.sandbox.complaints import Complaint
from newsletter.sandbox.rules import bodies, personal, recipients, settings
from newsletter.sandbox.shapes import Message

Rule = Callable[[Message], Iterator[Complaint]]

RECIPIENTS: Final[tuple[Rule, ...]] = (
    recipients.not_too_many,
    recipients.addresses_are_plain,
    recipients.unique_within_a_mail,
)
STRICT_RECIPIENTS: Final[tuple[Rule, ...]] = (
    recipients.unique_within_a_request,
    recipients.names_are_unambiguous,
)
OTHERS: Final[tuple[Rule, ...]] = (
    personal.substitutions_fit,
    personal.custom_args_fit,
    personal.headers_are_allowed,
    bodies.subject_is_there,
    bodies.content_is_there,
    bodies.plain_text_comes_first,
    bodies.types_are_plain,
    bodies.dynamic_template_has_no_substitutions,
    settings.categories_are_ascii,
    settings.one_way_to_reply,
    settings.bypasses_exclude_each_other,
)


def broken(message: Message, at: float, *, strict: bool) -> list[Complaint]:
    """Every complaint about a message whose shape is sound, at `at` Unix seconds."""
    rules = list(OTHERS)
    if not recipients.look_fine(message):
        rules += RECIPIENTS + STRICT_RECIPIENTS if strict else RECIPIENTS
    found = [complaint for rule in rules for complaint in rule(message)]
    return [*found, *settings.not_too_far_ahead(message, at)]
