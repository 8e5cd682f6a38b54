"""An issue from its file to the mail a reader would get, and its corrections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.errors import InputError, NotFound, StateError
from newsletter.issues import store
from newsletter.issues.content import Block, Content, SourceWarning
from newsletter.issues.content_json import dump
from newsletter.issues.models import IssueState
from newsletter.jobs import issues
from newsletter.jobs.issues import Imported, Readying
from newsletter.jobs.previews import Eyes, Preview, preview
from newsletter.jobs.product import Product
from subscribers.models import MailingList
from subscribers.selections import EVERYTHING, Wishes
from tests.builders import a_reader
from tests.jobs.conftest import ISSUE

MARKDOWN = Path(__file__).parents[1] / "samples" / "written-from-scratch.md"
LOST = "」로 시작이 사라진 문장"
CURED = "「되찾은」 문장"


def damaged_issue(text: str, *warnings: SourceWarning) -> Content:
    """The small issue, whose policy item has one more block."""
    first, policy, *others = ISSUE.items
    policy = replace(policy, body=(*policy.body, Block("bullet", 0, text)))
    return replace(ISSUE, items=(first, policy, *others), warnings=warnings)


DAMAGE = SourceWarning("damaged-text", "Its start is missing.", "policy-1", 7, LOST)


def bring(product: Product, directory: Path, content: Content) -> Imported:
    path = directory / "issue.json"
    path.write_bytes(dump(content))
    return issues.import_issue(product, path, "digest")


def shown(product: Product, key: str = "2026-18", wishes: Wishes = EVERYTHING, language: str = "ko") -> Preview:
    return preview(product, key, Eyes(wishes=wishes, language=language))


@pytest.mark.usefixtures("digest")
def test_damaged_text_stays_out_of_the_mail_until_it_is_corrected(product: Product, tmp_path: Path) -> None:
    bring(product, tmp_path, damaged_issue(LOST, DAMAGE))
    assert LOST not in shown(product).text
    corrected = bring(product, tmp_path, damaged_issue(CURED, DAMAGE))
    assert corrected.stored.content.warnings == ()
    assert CURED in shown(product).text
    assert CURED in shown(product).html


@pytest.mark.usefixtures("digest")
def test_an_editor_may_say_that_nothing_is_damaged(product: Product, tmp_path: Path) -> None:
    first = bring(product, tmp_path, damaged_issue(LOST, DAMAGE))
    second = bring(product, tmp_path, damaged_issue(LOST))
    assert (first.stored.version.number, second.stored.version.number) == (1, 2)
    assert LOST in shown(product).text


@pytest.mark.usefixtures("digest")
def test_a_correction_keeps_the_ids_and_has_to_be_readied_again(product: Product, tmp_path: Path) -> None:
    before = bring(product, tmp_path, ISSUE)
    issues.make_ready(product, "2026-18", Readying())
    after = bring(product, tmp_path, replace(ISSUE, items=(replace(ISSUE.items[0], title="고침"), *ISSUE.items[1:])))
    assert [item.id for item in before.stored.content.items] == [item.id for item in after.stored.content.items]
    with product.database.read() as session:
        assert store.find(session, "2026-18").issue.state is IssueState.DRAFT
    assert "고침" in shown(product).rendered.subject


@pytest.mark.usefixtures("digest")
def test_an_issue_written_from_scratch_becomes_a_mail_in_both_languages(product: Product) -> None:
    key = issues.import_issue(product, MARKDOWN, "digest").stored.content.key
    with pytest.raises(StateError, match="section international is new"):
        issues.make_ready(product, key, Readying())
    issues.make_ready(product, key, Readying(accept_new=True))
    korean, english = shown(product, key), shown(product, key, language="en")
    assert korean.rendered.full_count == english.rendered.full_count == 4
    for seen in (korean, english):
        assert "https://example.com/lighthouse" in seen.html
        assert "https://example.com/lighthouse" in seen.text
    assert "원문 보기" in korean.text
    assert "Articles are in Korean" in english.text


def test_a_file_that_is_no_issue_changes_nothing(product: Product, digest: MailingList, tmp_path: Path) -> None:
    path = tmp_path / "issue.txt"
    path.write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match="binary"):
        issues.import_issue(product, path, digest.slug)
    with product.database.read() as session:
        assert store.every(session) == []


@pytest.mark.usefixtures("digest")
def test_nobody_is_shown_a_mail_that_would_not_be_sent(product: Product, tmp_path: Path) -> None:
    bring(product, tmp_path, ISSUE)
    with pytest.raises(StateError, match="Nothing in this issue"):
        shown(product, wishes=Wishes(sections=("clipping",), categories=("양자",)))
    with pytest.raises(NotFound, match="not on the list digest"):
        preview(product, "2026-18", Eyes(email="nobody@example.com"))


@pytest.mark.usefixtures("digest")
def test_a_misspelt_wish_is_named_with_those_there_are(product: Product, tmp_path: Path) -> None:
    bring(product, tmp_path, ISSUE)
    with pytest.raises(InputError, match=r"no section 'polcy'; there is: .*policy"):
        shown(product, wishes=Wishes(sections=("polcy",), all_categories=True))
    with pytest.raises(InputError, match=r"no category 'Robots'; there is: .*로봇"):
        shown(product, wishes=Wishes(all_sections=True, categories=("Robots",)))
    assert shown(product, wishes=Wishes(all_sections=True, categories=("에너지",))).placements
    with pytest.raises(InputError, match="not both"):
        preview(product, "2026-18", Eyes(email="bob@example.com", wishes=EVERYTHING))


def test_a_readers_preview_speaks_the_readers_language(product: Product, digest: MailingList, tmp_path: Path) -> None:
    bring(product, tmp_path, ISSUE)
    with product.database.write() as session:
        a_reader(session, digest, email="bob@example.com", sections="policy", categories="로봇", language="en")
    seen = preview(product, "2026-18", Eyes(email="Bob@Example.com"))
    assert seen.language == "en"
    assert [(one.item, one.form) for one in seen.placements] == [("policy-2", "full"), ("policy-1", "line")]
