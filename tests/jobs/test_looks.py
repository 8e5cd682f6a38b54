"""What a list and the settings make of a mail: who sends, whether it is advertising, how things are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.delivery.transports.memory import MemoryTransport
from newsletter.errors import RenderError, StateError
from newsletter.issues.content_json import dump
from newsletter.jobs import issues, looks
from newsletter.jobs.looks import Mailing
from newsletter.jobs.planning import as_language, as_tracking
from newsletter.jobs.previews import Eyes, preview, send_test
from newsletter.jobs.product import Product
from newsletter.rendering.look import Language, Look
from subscribers.errors import InvalidAddress
from subscribers.models import ListKind, MailingList
from subscribers.selections import EVERYTHING
from tests.builders import a_list, a_reader
from tests.jobs.conftest import ISSUE


def a_look(product: Product, mailing_list: MailingList, language: Language = "ko") -> Look:
    with product.database.read() as session:
        return looks.look(session, product, Mailing(mailing_list, ISSUE, "ref", "0" * 8), language, "aggregate")


def bring(product: Product, directory: Path) -> None:
    path = directory / "issue.json"
    path.write_bytes(dump(ISSUE))
    issues.import_issue(product, path, "digest")


def test_an_advertising_list_s_mail_says_so_in_its_subject(product: Product, tmp_path: Path) -> None:
    with product.database.write() as session:
        a_list(session, slug="digest", kind=ListKind.ADVERTISING)
    bring(product, tmp_path)
    seen = preview(product, "2026-18", Eyes(wishes=EVERYTHING))
    assert seen.rendered.subject.startswith("(광고) 제목 issue-focus 1")


def test_advertising_whose_sender_has_no_phone_is_not_even_shown(product: Product, tmp_path: Path) -> None:
    with product.database.write() as session:
        a_list(session, slug="digest", kind=ListKind.ADVERTISING).phone = ""
    bring(product, tmp_path)
    with pytest.raises(RenderError, match="set phone"):
        preview(product, "2026-18", Eyes(wishes=EVERYTHING))


def test_an_information_list_s_mail_carries_no_label(product: Product, digest: MailingList) -> None:
    assert not a_look(product, digest).advertising


def test_the_list_s_own_facts_beat_the_settings_and_its_name_stands_in(product: Product, digest: MailingList) -> None:
    given = {"from_name": "Settings", "from_email": "s@example.net", "phone": "1", "postal_address": "2"}
    settings = product.settings.model_copy(update=given)
    own = looks.publisher(digest, settings, "ko")
    assert (own.from_name, own.from_email, own.phone) == ("Trend digest", "digest@example.com", "+82 2 000 0000")
    digest.from_name = digest.from_email = digest.phone = digest.postal_address = ""
    other = looks.publisher(digest, settings, "ko")
    assert (other.from_name, other.from_email, other.phone, other.postal_address) == tuple(
        given[name] for name in ("from_name", "from_email", "phone", "postal_address")
    )
    nameless = settings.model_copy(update={"from_name": ""})
    assert looks.publisher(digest, nameless, "ko").from_name == digest.name_ko
    assert looks.publisher(digest, nameless, "en").from_name == digest.name_en


def test_names_are_in_the_mail_s_language_by_key_and_by_alias(product: Product, digest: MailingList) -> None:
    korean, english = a_look(product, digest), a_look(product, digest, "en")
    for name in ("에너지", "에너지·탄소중립"):
        assert (korean.category_names[name], english.category_names[name]) == ("에너지·탄소중립", "Energy, net zero")
    assert english.section_names["policy"] == "Policy"
    assert digest.name_ko in korean.why
    assert digest.name_en in english.why


def test_an_unknown_language_reads_english_and_an_unknown_tracking_follows_nobody() -> None:
    assert [as_language(text) for text in ("ko", "en", "fr")] == ["ko", "en", "en"]
    known = ["aggregate", "individual", "none"]
    assert [as_tracking(text) for text in (*known, "all")] == [*known, "none"]


@pytest.mark.parametrize(("language", "mark"), [("ko", "[시험 발송] "), ("en", "[Test] ")])
def test_a_test_mail_is_marked_follows_nobody_and_goes_to_one_address_only(
    product: Product, digest: MailingList, transport: MemoryTransport, tmp_path: Path, language: str, mark: str
) -> None:
    bring(product, tmp_path)
    with product.database.write() as session:
        a_reader(session, digest, email="bob@example.com", language=language)
    send_test(product, "2026-18", "bob@example.com", "  Alice@EXAMPLE.com ")
    (message,) = transport.accepted
    (recipient,) = message.recipients
    assert recipient.email == "Alice@example.com"
    assert message.letter.subject.startswith(mark)
    assert "bob@example.com" not in repr(message)
    assert "/o/" not in message.letter.html
    assert {value for tag, value in recipient.substitutions.items() if tag.endswith("_u-")} == {"preview"}


def test_a_test_mail_that_is_not_accepted_is_an_error(product: Product, digest: MailingList, tmp_path: Path) -> None:
    bring(product, tmp_path)
    with product.database.write() as session:
        a_reader(session, digest, email="bob@example.com")
    refusing = MemoryTransport([Outcome(WireClass.UNKNOWN, detail="no answer")])
    with pytest.raises(StateError, match=r"not accepted.*no answer"):
        send_test(replace(product, open_transport=lambda: refusing), "2026-18", "bob@example.com", "carol@example.com")
    with pytest.raises(InvalidAddress):
        send_test(product, "2026-18", "bob@example.com", "carol")
