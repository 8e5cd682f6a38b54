"""Reads the editable keyword file (`keywords.toml`), which ships with the product."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from newsletter.errors import InputError
from newsletter.ingest.keywords import KeywordCategory


class _Category(BaseModel):
    model_config = ConfigDict(extra="forbid", str_min_length=1)

    ko: str
    en: str
    aliases: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    category: tuple[_Category, ...]


def load_keywords(path: Path | None = None) -> tuple[KeywordCategory, ...]:
    """The table in `path`, or the shipped one. Raises `InputError` naming the fault."""
    name = str(path or "keywords.toml")
    try:
        text = (path or files("newsletter.ingest").joinpath("keywords.toml")).read_text("utf-8")
        table = _Table.model_validate(tomllib.loads(text))
    except OSError as error:
        raise InputError(f"The keyword file {name} can't be read: {error.strerror}.") from error
    except (ValidationError, ValueError) as error:  # bad TOML and bad UTF-8 are ValueErrors
        raise InputError(f"The keyword file {name} can't be used: {_first_fault(error)}.") from error
    return tuple(KeywordCategory(one.ko, one.en, one.aliases, one.keywords) for one in table.category)


def _first_fault(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
