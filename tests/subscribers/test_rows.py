from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest

from subscribers.choices import ChoiceRow, Choices
from subscribers.csvfile import RowProblem
from subscribers.errors import ImportRefused
from subscribers.models import Cadence, ChoiceState, Tracking
from subscribers.rows import COLUMNS, Agreed, Row, RowReader, Status, Vocabulary

NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
SEOUL = timezone(timedelta(hours=9))


def _choice(key: str, name_en: str) -> ChoiceRow:
    return ChoiceRow(key, f"{key} 이름", name_en, 1, ChoiceState.ACTIVE)


VOCABULARY = Vocabulary.of(
    Choices(
        (_choice("policy", "Policy news"), _choice("clipping", "Clippings")),
        (_choice("AI", "Machine minds"), _choice("로봇", "Robots"), _choice("에너지·탄소중립", "Energy")),
        {"pol": "policy"},
        {"에너지": "에너지·탄소중립"},
    )
)


def _read(**said: str) -> Row:
    said = {"email": "alice@example.com"} | said
    return RowReader(list(said), VOCABULARY, "Asia/Seoul", NOW).read(list(said.values()))


def test_a_full_row_says_everything() -> None:
    row = _read(
        name="Alice",
        language="EN",
        time_zone="Europe/Berlin",
        send_hour="07",
        cadence="Weekly",
        sections="policy|clipping",
        categories="*",
        tracking="individual",
        consent_at="2026-03-01T09:30:00+09:00",
        consent_source="web form",
        status="pending",
    )
    assert (row.name, row.language, row.time_zone, row.send_hour) == ("Alice", "en", "Europe/Berlin", 7)
    assert (row.cadence, row.tracking, row.status) == (Cadence.WEEKLY, Tracking.INDIVIDUAL, Status.PENDING)
    assert (row.sections, row.categories) == ((("clipping", "policy"), False), ((), True))
    assert row.agreed == Agreed(datetime(2026, 3, 1, 9, 30, tzinfo=SEOUL), "web form")


def test_what_the_file_does_not_say_stays_unsaid() -> None:
    row = _read()
    unsaid = {field.name for field in fields(Row)} - {"address"}
    assert {name for name in unsaid if getattr(row, name) is not None} == set()


def test_an_empty_pick_is_a_word_of_its_own() -> None:
    assert _read(sections="", categories="").sections == ((), False)


@pytest.mark.parametrize("spelling", ["에너지·탄소중립", "에너지", "energy", "에너지·탄소중립 이름", " ENERGY "])
def test_a_category_may_be_spelled_by_key_alias_or_name(spelling: str) -> None:
    assert _read(categories=spelling).categories == (("에너지·탄소중립",), False)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01",
        "2026.03.01",
        "2026/03/01",
        "20260301",
        "2026-03-01 00:00",
        "2026-03-01T00:00:00",
        "2026-02-28T15:00:00Z",
        "2026-03-01T00:00+09:00",
    ],
)
def test_a_date_without_offset_is_in_the_lists_zone(written: str) -> None:
    agreed = _read(consent_at=written, consent_source="form").agreed
    assert agreed is not None
    assert agreed.at == datetime(2026, 3, 1, tzinfo=SEOUL)


@pytest.mark.parametrize("half", [{"consent_at": "2026-03-01"}, {"consent_source": "form"}])
def test_half_a_proof_is_none(half: dict[str, str]) -> None:
    assert _read(**half).agreed is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"email": "alice"}, "no @"),
        ({"email": ""}, "no @"),
        ({"email": "앨리스@example.com"}, "letters outside"),
        ({"name": "A\x00B"}, "control"),
        ({"name": "x" * 201}, "200"),
        ({"language": "fr"}, "language 'fr': write one of ko, en"),
        ({"time_zone": "Seoul"}, "Asia/Seoul"),
        ({"send_hour": "24"}, "0 to 23"),
        ({"send_hour": "9.5"}, "0 to 23"),
        ({"send_hour": "-1"}, "0 to 23"),
        ({"send_hour": "٣"}, "0 to 23"),
        ({"cadence": "daily"}, "each, weekly, monthly"),
        ({"sections": "policy|sport"}, "unknown section 'sport': the list has clipping, policy"),
        ({"categories": "AI|드론"}, "unknown category '드론'"),
        ({"categories": "a\x00"}, "unknown category 'a\\x00'"),
        ({"tracking": "always"}, "aggregate, individual, none"),
        ({"tracking": "individual"}, "own consent_at"),
        ({"tracking": "individual", "consent_at": "2026-03-01"}, "own consent_at"),
        ({"consent_at": "last spring", "consent_source": "form"}, "such as 2026-03-01"),
        ({"consent_at": "2026-02-30", "consent_source": "form"}, "such as 2026-03-01"),
        ({"consent_at": "2027-01-01", "consent_source": "form"}, "future"),
        ({"consent_at": "2026-03-01", "consent_source": "a\x07b"}, "consent_source holds"),
        ({"status": "maybe"}, "active, pending"),
    ],
)
def test_a_wrong_cell_is_named_with_the_remedy(wrong: dict[str, str], why: str) -> None:
    with pytest.raises(RowProblem) as problem:
        _read(**wrong)
    assert why in str(problem.value)


def test_a_row_of_another_width_is_refused_unless_the_rest_is_empty() -> None:
    reader = RowReader(["email", "name"], VOCABULARY, "UTC", NOW)
    assert reader.read(["alice@example.com", "Alice", "", ""]).name == "Alice"
    for row in (["alice@example.com"], ["alice@example.com", "Alice", "", "x"], ["a"] * 5_000):
        with pytest.raises(RowProblem, match=f"{len(row)} cells, the header 2"):
            reader.read(row)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (["name", "language"], "no column `email`"),
        (["alice@example.com", "Alice"], "no column `email`"),
        (["email", "e-mail", "vip"], "'e-mail', 'vip'"),
        (["email", "name", "Name"], "twice"),
        (["email", "", "name"], "unknown columns: ''"),
        (["email", *(f"c{number}" for number in range(5_000))], "'c4' …"),
    ],
)
def test_a_wrong_header_is_refused_by_name(header: list[str], why: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        RowReader(header, VOCABULARY, "UTC", NOW)
    assert why in str(refused.value)


def test_columns_come_in_any_order_and_case() -> None:
    reader = RowReader([" Name", "EMAIL ", *COLUMNS[2:], "status", ""], VOCABULARY, "UTC", NOW)
    row = reader.read(["Alice", "alice@example.com", *[""] * 10, ""])
    assert (row.name, row.address.email) == ("Alice", "alice@example.com")
