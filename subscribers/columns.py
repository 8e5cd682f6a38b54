"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer
from sqlalchemy.types import TypeDecorator

Word = TypeVar("Word", bound=StrEnum)

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""64-bit key; SQLite numbers rows by itself only where the column is declared INTEGER."""


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC. Refuses naive values, since SQLite would hand them back as if they were ours."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: an aware moment, moved to UTC (and stored naive on SQLite, which knows no zones)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; pass an aware moment")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 -- the signature is SQLAlchemy's
    ) -> datetime | None:
        """From the database: an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def word(kind: type[Word], name: str) -> Any:  # noqa: ANN401 -- SQLModel takes any SQLAlchemy type here
    """A column for the values of a `StrEnum`, checked by the database; `name` names the CHECK constraint."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
