"""Rules about what is merged into each mail: substitutions, custom arguments, headers."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import orjson

from newsletter.sandbox.complaints import Complaint
from newsletter.sandbox.shapes import Message

MAX_SUBSTITUTIONS: Final = 150
MAX_BYTES: Final = 10_000
RESERVED_HEADERS: Final = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
    "to", "from", "subject", "reply-to", "cc", "bcc",
})  # fmt: skip


def substitutions_fit(message: Message) -> Iterator[Complaint]:
    """At most 150 entries and 10,000 bytes per personalization, counted as JSON."""
    for row, one in enumerate(message["personalizations"]):
        values = one.get("substitutions")
        if not values:
            continue
        field = f"personalizations.{row}.substitutions"
        if len(values) > MAX_SUBSTITUTIONS:
            yield Complaint(f"At most {MAX_SUBSTITUTIONS} substitutions are allowed.", field)
        if len(orjson.dumps(values)) > MAX_BYTES:
            yield Complaint(f"Substitutions are limited to {MAX_BYTES} bytes.", field)


def custom_args_fit(message: Message) -> Iterator[Complaint]:
    """At most 10,000 bytes after merging, counted as JSON; never an empty object."""
    common = message.get("custom_args")
    if common is not None and not common:
        yield Complaint("Must not be empty.", "custom_args")
    room = MAX_BYTES - len(orjson.dumps(common or {}))
    if room < 0:
        yield Complaint(f"Custom arguments are limited to {MAX_BYTES} bytes.", "custom_args")
        return
    for row, one in enumerate(message["personalizations"]):
        own = one.get("custom_args")
        if own is None:
            continue
        field = f"personalizations.{row}.custom_args"
        if not own:
            yield Complaint("Must not be empty.", field)
        elif len(orjson.dumps(own)) > room and len(orjson.dumps({**(common or {}), **own})) > MAX_BYTES:
            yield Complaint(f"Custom arguments are limited to {MAX_BYTES} bytes after merging.", field)


def headers_are_allowed(message: Message) -> Iterator[Complaint]:
    """Unique ASCII names without spaces, none that SendGrid writes itself; values ASCII on one line."""
    for name, problem in _header_problems(message.get("headers", {})):
        yield Complaint(problem, f"headers.{name}")
    for row, one in enumerate(message["personalizations"]):
        if headers := one.get("headers"):
            for name, problem in _header_problems(headers):
                yield Complaint(problem, f"personalizations.{row}.headers.{name}")


def _header_problems(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    found = list(_name_problems(tuple(headers)))
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            found.append((name, "A header value is ASCII on one line; encode other text as RFC 2047 says."))
    return found


@lru_cache(maxsize=256)
def _name_problems(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """A request repeats the same few names a thousand times, so the answer is remembered."""
    found = [(name, problem) for name in names if (problem := _name_problem(name))]
    if len({name.lower() for name in names}) < len(names):
        found.append((names[-1], "Header names must be unique."))
    return tuple(found)


def _name_problem(name: str) -> str | None:
    if name.lower() in RESERVED_HEADERS:
        return "This header is reserved."
    if not name or not name.isascii() or not name.isprintable() or " " in name or ":" in name:
        return "A header name is ASCII without spaces."
    return None
