from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.errors import SettingsError
from newsletter.kit.tokens import Purpose
from newsletter.settings import PREFIX, Settings

DOCS = Path(__file__).parent.parent / "docs" / "settings.md"


def test_every_setting_is_documented_once_with_its_default_and_its_words() -> None:
    rows = dict(re.findall(r"^\| `(NEWSLETTER_\w+)` \| (.*) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    wanted = {}
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "" if default in (None, "") else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        wanted[f"{PREFIX}{name.upper()}"] = f"{shown} | {field.description}"
    assert rows == wanted


def test_a_wrong_setting_is_named_and_its_value_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_BATCH_SIZE", "canary-value")
    with pytest.raises(SettingsError, match="NEWSLETTER_BATCH_SIZE") as caught:
        Settings.load()
    assert "canary-value" not in str(caught.value)


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("SG.secret\n")
    monkeypatch.setenv("NEWSLETTER_SENDGRID_API_KEY_FILE", str(tmp_path / "key"))
    found = Settings.load().sendgrid_api_key
    assert found is not None
    assert found.get_secret_value() == "SG.secret"


def test_a_missing_secret_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SENDGRID_API_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="absent"):
        Settings.load()


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SENDGRID_API_KEY", "canary-value")
    assert "canary-value" not in repr(Settings.load())


def test_keys_are_generated_once_and_kept_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_STATE_DIR", str(tmp_path / "state"))
    token = Settings.load().key_ring().sign(Purpose.UNSUBSCRIBE, 1)
    assert Settings.load().key_ring().verify(Purpose.UNSUBSCRIBE, token) == (1,)
    assert (tmp_path / "state" / "secret-keys").stat().st_mode & 0o777 == 0o600


def test_unusable_keys_are_an_error_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SECRET_KEYS", "1:tooshort")
    with pytest.raises(SettingsError, match="NEWSLETTER_SECRET_KEYS"):
        Settings.load().key_ring()


def test_the_database_is_a_file_in_the_state_directory_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_STATE_DIR", str(tmp_path))
    assert Settings.load().database_address == f"sqlite:///{tmp_path / 'newsletter.sqlite'}"


@pytest.mark.parametrize("address", ["https://news.example.com", "https://news.example.com/", "http://127.0.0.1:8000"])
def test_the_site_has_an_origin(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NEWSLETTER_BASE_URL", address)
    assert Settings.load().base_url == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["", "news.example.com", "ftp://news.example.com", "https://", "https://a.example/b"]
)
def test_what_is_no_origin_would_break_every_link_of_a_mail(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NEWSLETTER_BASE_URL", address)
    with pytest.raises(SettingsError, match="NEWSLETTER_BASE_URL"):
        Settings.load()
