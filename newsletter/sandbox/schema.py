"""The published request schema, repaired where the published file is known to be wrong.

The file is an unmodified copy (its licence lies beside it), so that a newer one can be dropped in. The repairs say what
the service is known to do: `custom_args` is an object of strings at both levels, header values are strings, and there
is at least one personalization with at least one `to`.
"""

from collections.abc import Iterator
from importlib import resources
from typing import Any, Final

import jsonschema_rs
import orjson

from newsletter.sandbox.complaints import BARE, Complaint

SCHEMA_FILE: Final = "tsg_mail_v3.json"
_STRINGS: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_BREAKS_THE_SHAPE: Final = frozenset({"type", "required"})


class MessageSchema:
    """The repaired schema; `strict` also refuses members it does not name."""

    def __init__(self, *, strict: bool) -> None:
        self._validator = jsonschema_rs.validator_for(repaired(strict=strict), validate_formats=True)

    def complaints(self, document: object) -> tuple[list[Complaint], bool]:
        """What is wrong, and whether the shape holds well enough to look at the rules as well."""
        if self._validator.is_valid(document):
            return [], True
        errors = list(self._validator.iter_errors(document))
        found = [_complaint(error) for error in errors]
        sound = not any(error.kind.name in _BREAKS_THE_SHAPE for error in errors)
        return list(dict.fromkeys(found)), sound


def repaired(*, strict: bool) -> dict[str, Any]:
    """The request schema as JSON Schema, ready to compile."""
    document = orjson.loads(resources.files("newsletter.sandbox").joinpath(SCHEMA_FILE).read_bytes())
    body: dict[str, Any] = document["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"][
        "schema"
    ]
    members = body["properties"]
    members["custom_args"] = _STRINGS
    members["headers"] = _STRINGS
    members["personalizations"]["minItems"] = 1
    personal = members["personalizations"]["items"]["properties"]
    personal["custom_args"] = _STRINGS
    personal["headers"] = _STRINGS
    personal["to"]["minItems"] = 1
    schemas = document["components"]["schemas"]
    if strict:
        for part in (body, schemas["MailFrom"], schemas["MailTo"]):
            _close(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body, "components": {"schemas": schemas}}


def _close(part: dict[str, Any]) -> None:
    """Refuse unknown members of every object that lists its members."""
    if "properties" in part:
        part.setdefault("additionalProperties", False)
        for member in part["properties"].values():
            _close(member)
    if "items" in part:
        _close(part["items"])


def _complaint(error: jsonschema_rs.ValidationError) -> Complaint:
    path = [str(step) for step in error.instance_path]
    if "custom_args" in path and error.kind.name == "type":
        return BARE
    return Complaint(_words(error.kind), ".".join([*path, *_missing(error.kind)]) or None)


def _missing(kind: Any) -> Iterator[str]:  # noqa: ANN401 - the library types its kinds as one opaque class
    """The member an error is about where the library points at the object around it."""
    if kind.name == "required":
        yield kind.property
    if kind.name == "additionalProperties" and kind.unexpected:
        yield kind.unexpected[0]


def _words(kind: Any) -> str:  # noqa: ANN401 - as above
    """A sentence that never quotes the value: values are readers' data, and may be megabytes."""
    fixed = {
        "required": "This member is required.",
        "additionalProperties": "This member is not known.",
        "minItems": "At least one entry is required.",
        "minLength": "Must be at least one character long.",
        "uniqueItems": "Entries must be unique.",
    }
    if kind.name == "format":
        return "Does not contain a valid address."
    if kind.name == "type":
        return f"Must be of type {' or '.join(kind.types)}."
    return fixed.get(kind.name, f"Breaks the limit {kind.name} ({kind.value}).")
