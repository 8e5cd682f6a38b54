from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.db import Database
from newsletter.errors import InputError, NotFound
from newsletter.issues import lifecycle, store
from newsletter.issues.content import Content, Item, Section
from newsletter.issues.models import IssueState
from newsletter.kit.clock import SteppedClock
from tests.builders import a_list

CONTENT = Content(
    "A digest",
    2026,
    18,
    sections=(Section("policy", "Policy"),),
    items=(
        Item("a", "article", "policy", "A", suggested_categories=("AI",)),
        Item("b", "article", "policy", "B", categories=("로봇",)),
    ),
)


def test_the_same_content_again_changes_nothing(database: Database, clock: SteppedClock) -> None:
    with database.write() as session:
        mailing_list = a_list(session)
        first, is_new = store.save(session, mailing_list, CONTENT, clock.now())
        again, is_new_again = store.save(session, mailing_list, CONTENT, clock.now() + timedelta(days=1))
        assert (is_new, is_new_again) == (True, False)
        assert again.version.id == first.version.id


def test_a_correction_is_a_new_version_and_makes_the_issue_a_draft_again(
    database: Database, clock: SteppedClock
) -> None:
    corrected = replace(CONTENT, items=(replace(CONTENT.items[0], title="A, corrected"), CONTENT.items[1]))
    with database.write() as session:
        mailing_list = a_list(session)
        first, _ = store.save(session, mailing_list, CONTENT, clock.now())
        store.make_ready(session, first.issue)
        second, is_new = store.save(session, mailing_list, corrected, clock.now())
        assert is_new
        assert (second.version.number, second.issue.state) == (2, IssueState.DRAFT)
        before, after = store.item_version_ids(session, first), store.item_version_ids(session, second)
        assert before["a"] != after["a"]
        assert before["b"] == after["b"], "an item that did not change is the same item version"


def test_a_stored_version_reads_back_as_it_was(database: Database, clock: SteppedClock) -> None:
    with database.write() as session:
        stored, _ = store.save(session, a_list(session), CONTENT, clock.now())
    with database.read() as session:
        assert stored.version.id is not None
        assert store.load_version(session, stored.version.id).content == CONTENT


def test_a_missing_issue_is_named_with_the_remedy(database: Database) -> None:
    with database.read() as session, pytest.raises(NotFound, match=r"'2026-99'.*issue list"):
        store.find(session, "2026-99")


def test_an_issue_of_two_lists_must_be_named_with_its_list(database: Database, clock: SteppedClock) -> None:
    with database.write() as session:
        for slug in ("one", "two"):
            store.save(session, a_list(session, slug=slug), CONTENT, clock.now())
        with pytest.raises(InputError, match="one/2026-18, two/2026-18"):
            store.find(session, "2026-18")
        assert store.find(session, "two/2026-18").content == CONTENT


def test_open_suggestions_and_new_names_keep_an_issue_from_being_ready() -> None:
    points = lifecycle.open_points(CONTENT, proposed_categories={"로봇"}, proposed_sections={"policy"})
    assert [point.what for point in points] == [
        "A: suggested AI, not accepted yet",
        "the category 로봇 is new to this list",
        "the section policy is new to this list",
    ]


def test_accepting_and_dropping_suggestions_both_close_them() -> None:
    for decide in (lifecycle.accept_suggestions, lifecycle.drop_suggestions):
        assert lifecycle.open_points(decide(CONTENT), (), ()) == []
    assert lifecycle.accept_suggestions(CONTENT).items[0].categories == ("AI",)
    assert lifecycle.drop_suggestions(CONTENT).items[0].categories == ()


def test_an_issue_without_items_is_never_ready() -> None:
    (point,) = lifecycle.open_points(replace(CONTENT, items=()), (), ())
    assert "no items" in point.what
