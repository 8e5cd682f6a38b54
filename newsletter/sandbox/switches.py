"""Ways in which events may misbehave, each a share of cases between 0 and 1 (or seconds, or yes/no)."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switches:
    """All off by default. Shares are drawn from the seed, so a run can be repeated.

    Attributes:
        duplicate: events told twice in their batch.
        reorder: batches whose events are shuffled.
        max_delay: up to this many more seconds before an event is told.
        missing_status: bounces and drops without `status`.
        asynchronous_bounce: deliveries followed by a bounce without ids.
        unknown_type: mails about which an event of an unknown type is told.
        machine_open: delivered tracked mails that a machine opens.
        unsigned: batches preceded by the same body without a signature.
        wrongly_signed: batches preceded by the same body signed with another key.
        new_id_on_retry: a batch that is told again has new `sg_event_id`s.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    max_delay: float = 0.0
    missing_status: float = 0.0
    asynchronous_bounce: float = 0.0
    unknown_type: float = 0.0
    machine_open: float = 0.0
    unsigned: float = 0.0
    wrongly_signed: float = 0.0
    new_id_on_retry: bool = False

    @property
    def change_events(self) -> bool:
        """Whether anything is to be drawn per mail."""
        return bool(self.missing_status or self.asynchronous_bounce or self.unknown_type or self.machine_open)


def changed(switches: Switches, wanted: Mapping[str, object]) -> Switches:
    """`switches` with some values replaced. Raises ValueError naming the unknown or impossible one."""
    known = {field.name: field.type for field in dataclasses.fields(Switches)}
    values: dict[str, float | bool] = {}
    for name, value in wanted.items():
        if name not in known:
            raise ValueError(f"There is no switch {name!r}; there are {', '.join(known)}.")
        values[name] = _value(name, value)
    return dataclasses.replace(switches, **values)  # type: ignore[arg-type]  # checked against each field above


def _value(name: str, value: object) -> float | bool:
    if name == "new_id_on_retry":
        if isinstance(value, bool):
            return value
        raise ValueError(f"{name} is true or false, not {value!r}.")
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} is a number from 0 up, not {value!r}.")
    if name != "max_delay" and value > 1:
        raise ValueError(f"{name} is a share between 0 and 1, not {value!r}.")
    return float(value)
