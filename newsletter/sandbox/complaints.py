"""What is wrong with a request, and how SendGrid says so: `{"errors": [{"message", "field", "help"}]}`."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import orjson


@dataclass(frozen=True, slots=True)
class Complaint:
    """One entry of an error body; `field` is dotted (`personalizations.1.to`) or absent."""

    message: str
    field: str | None = None
    status: HTTPStatus = HTTPStatus.BAD_REQUEST


BARE: Final = Complaint("Bad Request")
"""All that SendGrid says about custom arguments that are not strings."""

WORDS: Final = {
    HTTPStatus.UNAUTHORIZED: "authorization required",
    HTTPStatus.FORBIDDEN: "access forbidden",
    HTTPStatus.NOT_FOUND: "not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method not allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request timeout",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "content too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "the request body is not UTF-8 encoded JSON",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal server error",
    HTTPStatus.BAD_GATEWAY: "bad gateway",
    HTTPStatus.SERVICE_UNAVAILABLE: "service unavailable",
}


def error_body(complaints: Iterable[Complaint]) -> bytes:
    """The JSON of an error answer, complaints in order."""
    errors = [{"message": one.message, "field": one.field, "help": None} for one in complaints]
    return orjson.dumps({"errors": errors})


def plain_error(status: HTTPStatus, message: str | None = None) -> bytes:
    """An error about the request as a whole: `field` is null."""
    return error_body([Complaint(message or WORDS.get(status, status.phrase.lower()))])
