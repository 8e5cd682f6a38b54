from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from newsletter.db import Database
from subscribers.choices import (
    ChoiceRow,
    activate,
    add_alias,
    add_categories,
    add_digest_choices,
    choices,
    merge,
    propose,
    rename,
)
from subscribers.defaults import DIGEST_CATEGORIES, ChoiceDefault
from subscribers.errors import InvalidWish, UnknownChoice
from subscribers.models import ChoiceKind, ChoiceState

SECTION, CATEGORY = ChoiceKind.SECTION, ChoiceKind.CATEGORY


def test_a_digest_starts_with_four_sections_and_twelve_categories_in_two_languages(
    database: Database, list_id: int
) -> None:
    with database.read() as session:
        found = choices(session, list_id)
    assert [row.key for row in found.sections] == ["issue-focus", "industry-tech", "policy", "clipping"]
    assert [row.key for row in found.categories] == [default.key for default in DIGEST_CATEGORIES]
    assert len(found.categories) == 12
    assert all(row.name("ko") and row.name("en").isascii() for row in (*found.sections, *found.categories))
    assert found.category_aliases == {"에너지": "에너지·탄소중립"}


def test_adding_the_defaults_again_changes_nothing(database: Database, list_id: int) -> None:
    with database.write() as session:
        before = choices(session, list_id)
        add_digest_choices(session, list_id)
        assert choices(session, list_id) == before


def test_a_category_met_first_in_an_issue_is_proposed_and_offered_to_nobody(database: Database, list_id: int) -> None:
    with database.write() as session:
        assert propose(session, list_id, CATEGORY, "  핵융합  ") == "핵융합"
        assert propose(session, list_id, CATEGORY, "핵융합") == "핵융합"
        found = choices(session, list_id)
    assert found.categories[-1] == ChoiceRow("핵융합", "핵융합", "핵융합", 13, ChoiceState.PROPOSED)
    assert len(found.active(CATEGORY)) == 12


def test_what_an_issue_spells_in_another_way_is_no_new_category(database: Database, list_id: int) -> None:
    with database.write() as session:
        assert propose(session, list_id, CATEGORY, "에너지") == "에너지·탄소중립"
        assert propose(session, list_id, CATEGORY, "AI") == "AI"
        assert len(choices(session, list_id).categories) == 12


def test_a_section_is_proposed_under_the_title_it_has(database: Database, list_id: int) -> None:
    with database.write() as session:
        propose(session, list_id, SECTION, "section-interview", "인터뷰")
        assert choices(session, list_id).sections[-1].name_ko == "인터뷰"


def test_an_editor_activates_a_proposal_and_names_it(database: Database, list_id: int) -> None:
    with database.write() as session:
        propose(session, list_id, CATEGORY, "핵융합")
        activate(session, list_id, CATEGORY, "핵융합", "핵융합", "Fusion")
        assert choices(session, list_id).active(CATEGORY)[-1].name_en == "Fusion"


def test_a_renamed_category_is_still_found_by_its_old_key(database: Database, list_id: int) -> None:
    with database.write() as session:
        rename(session, list_id, CATEGORY, "에너지·탄소중립", "에너지 전환")
        found = choices(session, list_id)
    assert found.category_aliases == {"에너지": "에너지 전환", "에너지·탄소중립": "에너지 전환"}
    assert [row.key for row in found.categories][3] == "에너지 전환"


def test_a_category_renamed_back_and_forth_is_an_alias_of_nothing(database: Database, list_id: int) -> None:
    with database.write() as session:
        rename(session, list_id, CATEGORY, "AI", "인공지능")
        rename(session, list_id, CATEGORY, "인공지능", "AI")
        found = choices(session, list_id)
    assert found.category_aliases["인공지능"] == "AI"
    assert "AI" not in found.category_aliases


def test_aliases_never_lead_to_aliases(database: Database, list_id: int) -> None:
    """One look-up must be enough, after any chain of merges."""
    with database.write() as session:
        merge(session, list_id, CATEGORY, "에너지·탄소중립", "순환경제")
        rename(session, list_id, CATEGORY, "순환경제", "신소재")
        found = choices(session, list_id)
    keys = {row.key for row in found.categories}
    assert found.category_aliases == {"에너지": "신소재", "에너지·탄소중립": "신소재", "순환경제": "신소재"}
    assert set(found.category_aliases.values()) <= keys
    assert not keys & set(found.category_aliases)
    assert len(keys) == 10


def test_a_choice_that_is_not_there_is_named(database: Database, list_id: int) -> None:
    with database.write() as session:
        refusals: list[Callable[[], object]] = [
            lambda: merge(session, list_id, CATEGORY, "AI", "없음"),
            lambda: rename(session, list_id, CATEGORY, "없음", "AI"),
            lambda: add_alias(session, list_id, CATEGORY, "다른", "없음"),
            lambda: activate(session, list_id, SECTION, "없음", "없음", "None"),
        ]
        for refused in refusals:
            with pytest.raises(UnknownChoice, match="없음"):
                refused()
        assert len(choices(session, list_id).categories) == 12


def test_a_key_that_no_file_could_carry_is_not_proposed(database: Database, list_id: int) -> None:
    with database.write() as session, pytest.raises(InvalidWish):
        propose(session, list_id, CATEGORY, "AI|로봇")


def test_two_lists_have_choices_of_their_own(database: Database, list_id: int) -> None:
    """The negative control of the key: a choice of a list that does not exist has nowhere to stand."""
    with database.write() as session:
        propose(session, list_id, CATEGORY, "핵융합")
    with pytest.raises(IntegrityError), database.write() as session:
        add_categories(session, list_id + 1, [ChoiceDefault("AI", "AI", "AI")])
