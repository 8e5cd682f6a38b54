from __future__ import annotations

import pytest

from subscribers.errors import InvalidWish
from subscribers.preferences import Preferences, clean_name, is_time_zone


@pytest.mark.parametrize(
    "name", ["Al\nice", "Al\r\nBcc: x", "Al\0ice", "Al\u2028ice", "Al\x85ice", "Al\ud800ice", "x" * 201]
)
def test_a_name_that_could_end_a_header_is_refused(name: str) -> None:
    with pytest.raises(InvalidWish):
        clean_name(name)
    with pytest.raises(InvalidWish):
        Preferences(name=name)


def test_a_name_of_any_script_stays_as_it_is() -> None:
    assert clean_name(" 앨리스 \U0001f600 O'Neil <b> ") == "앨리스 \U0001f600 O'Neil <b>"


@pytest.mark.parametrize("zone", ["Asia/Seoul", "UTC", "America/New_York"])
def test_a_zone_of_the_zone_data_is_one(zone: str) -> None:
    assert is_time_zone(zone)


@pytest.mark.parametrize("zone", ["", "Asia", "Asia/", "Asia/Nowhere", "../etc/passwd", "/etc/passwd", "서울", "a\0b"])
def test_anything_else_is_no_zone(zone: str) -> None:
    assert not is_time_zone(zone)


@pytest.mark.parametrize("wrong", [{"language": "fr"}, {"time_zone": "Mars"}, {"send_hour": 24}, {"send_hour": -1}])
def test_a_wrong_setting_is_refused_with_the_remedy(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidWish, match="write"):
        Preferences(**wrong)  # type: ignore[arg-type]  # wrong on purpose
