"""Read a form's fields: at most a hundred, text only, in the order they came."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_FIELDS = 100
MAX_FIELD_BYTES = 64 * 1024


async def fields_of(request: Request) -> list[tuple[str, str]]:
    """Name and value of each field, urlencoded or multipart. Raises `HTTPException` 400 for anything else."""
    async with request.form(max_files=0, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES) as form:
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if any("\x00" in name or "\x00" in value for name, value in fields):
        raise HTTPException(400)
    return fields
