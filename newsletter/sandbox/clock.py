"""The stand-in's only look at the wall clock; everything else is given the time."""

import time
from datetime import UTC, datetime


def now() -> float:
    """Unix seconds. Its own clock, since the stand-in may not import the product's."""
    return time.time()  # noqa: TID251 - this is the one clock of this program


def iso(seconds: float) -> str:
    """UTC to the microsecond, as it stands in the journal."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
