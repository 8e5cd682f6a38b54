"""The preference form, from fields to a change. Pure; an unknown field, section or category is refused by name.

Sections and categories that the list no longer offers stay picked: a reader who saves another setting must not lose
what a proposal or a merge hides for the moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from subscribers.errors import InvalidWish
from subscribers.models import Cadence, Tracking
from subscribers.preferences import clean_name
from subscribers.selections import WhenEmpty, Wishes
from subscribers.subscriptions import Change

_MANY = {"section", "category"}
Ticked = Literal["1"] | None


def _named(text: str) -> str:
    try:
        return clean_name(text)
    except InvalidWish as error:
        raise ValueError(str(error)) from error


class PreferencesForm(BaseModel):
    """What the page posts. A box that is not ticked is not in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    section: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    all_sections: Ticked = None
    all_categories: Ticked = None
    focus: Ticked = None
    cadence: Cadence
    language: Literal["ko", "en"]
    name: Annotated[str, AfterValidator(_named)] = ""
    forget_name: Ticked = None
    tracking: Tracking
    pause: Literal["keep", "none", "14", "30", "90"] = "keep"


@dataclass(frozen=True, slots=True)
class Refused:
    """What to correct: keys of the table of error texts."""

    errors: tuple[str, ...]


def parse(fields: Sequence[tuple[str, str]]) -> PreferencesForm | Refused:
    """Read the fields. Anything that our page does not send is refused."""
    counts = Counter(name for name, _ in fields)
    if any(count > 1 for name, count in counts.items() if name not in _MANY):
        return Refused(("form",))
    values: dict[str, object] = {name: value for name, value in fields if name not in _MANY}
    values |= {name: tuple(value for key, value in fields if key == name) for name in _MANY}
    try:
        return PreferencesForm.model_validate(values)
    except ValidationError as error:
        places = {str(fault["loc"][0]) for fault in error.errors(include_url=False, include_input=False)}
        return Refused(tuple(sorted({place if place == "name" else "form" for place in places})))


def check(form: PreferencesForm, sections: Collection[str], categories: Collection[str]) -> Refused | None:
    """Whether it names only what the list offers or what the reader had picked before."""
    wrong = [
        name
        for name, picked, known in (("section", form.section, sections), ("category", form.category, categories))
        if not set(picked) <= set(known)
    ]
    return Refused(tuple(wrong)) if wrong else None


def heeded(
    form: PreferencesForm, before: Wishes, sections: Collection[str], categories: Collection[str]
) -> PreferencesForm:
    """The form as its reader means it.

    Who had *all* saw every box ticked: one that comes back unticked was unticked by hand, and says more than the *all*
    that was left standing.
    """
    return form.model_copy(
        update={
            name: None
            for name, had_all, picked, offered in (
                ("all_sections", before.all_sections, form.section, sections),
                ("all_categories", before.all_categories, form.category, categories),
            )
            if had_all and picked and not set(offered) <= set(picked)
        }
    )


def as_change(form: PreferencesForm, now: datetime) -> Change:
    """The change that the form asks for. A pause counts from now; `keep` leaves it as it is."""
    days = {"14": 14, "30": 30, "90": 90}.get(form.pause)
    return Change(
        wishes=Wishes(
            form.section,
            form.category,
            form.all_sections is not None,
            form.all_categories is not None,
            WhenEmpty.FOCUS if form.focus else WhenEmpty.NOTHING,
        ),
        name="" if form.forget_name else form.name or None,
        language=form.language,
        cadence=form.cadence,
        tracking=form.tracking,
        paused_until=now + timedelta(days=days) if days else None,
    )
