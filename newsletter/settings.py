"""Settings come from the environment with the prefix `NEWSLETTER_`; `docs/settings.md` lists them, and a test compares.

A secret can also stand in a file: `NEWSLETTER_SENDGRID_API_KEY_FILE` names a file whose content is the key.
"""

from __future__ import annotations

import base64
import os
import secrets
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from newsletter.errors import SettingsError
from newsletter.kit.tokens import KeyRing

PREFIX = "NEWSLETTER_"
_SECRETS = ("secret_keys", "sendgrid_api_key", "database_url")


class TransportName(StrEnum):
    """Where mail goes."""

    SANDBOX = "sandbox"
    SENDGRID = "sendgrid"
    FILE = "file"


class Settings(BaseSettings):
    """All settings, validated at the start. Nothing here changes while a process runs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    state_dir: Path = Field(Path("state"), description="Directory of the SQLite database, locks and generated secrets.")
    database_url: SecretStr | None = Field(
        None, description="`sqlite:///file` or `postgresql://…`; by default `newsletter.sqlite` in the state directory."
    )
    base_url: str = Field("http://127.0.0.1:8000", description="Public address of the site, in every link of a mail.")
    secret_keys: SecretStr | None = Field(
        None,
        description="`id:base64,…`; the first signs, all verify. Generated into the state directory when absent. "
        "Never drop an old one: unsubscribe links have no expiry.",
    )
    transport: TransportName = Field(TransportName.SANDBOX, description="`sandbox`, `sendgrid` or `file`.")
    sandbox_url: str = Field("http://127.0.0.1:8025", description="Where `newsletter sandbox` listens.")
    sendgrid_api_key: SecretStr | None = Field(None, description="Key with the Mail Send permission.")
    sendgrid_host: str = Field(
        "https://api.sendgrid.com", description="`https://api.eu.sendgrid.com` for EU regional subusers."
    )
    sendgrid_webhook_public_keys: str = Field(
        "", description="Public keys of the signed Event Webhook, base64 DER, separated by commas (two while rotating)."
    )
    from_email: str = Field("newsletter@example.com", description="Sender address where a list names none.")
    from_name: str = Field("", description="Sender name where a list names none; by default the publication.")
    reply_to: str = Field("", description="Reply address where a list names none.")
    postal_address: str = Field("", description="Postal address in every footer; anti-spam laws ask for one.")
    phone: str = Field("", description="Telephone number in every footer.")
    batch_size: int = Field(250, ge=1, le=1000, description="Readers per provider request.")
    lanes: int = Field(4, ge=1, le=64, description="Requests under way at once.")
    rate_per_second: float = Field(50.0, gt=0, description="Provider requests per second, at most.")
    call_deadline: float = Field(150.0, gt=0, description="Seconds after which a call without a result is unknown.")
    html_budget: int = Field(
        75_000, ge=10_000, le=95_000, description="Bytes of HTML per mail; beyond, items become lines."
    )
    keywords_file: Path | None = Field(
        None,
        description="Your own keyword file for suggested categories, instead of `newsletter/ingest/keywords.toml`.",
    )
    file_transport_dir: Path = Field(Path("outbox"), description="Where the `file` transport writes its `.eml` files.")
    log_json: bool = Field(default=False, description="Log as JSON lines instead of text.")
    fault: str = Field("", description="Fault injection for tests, `NN:kill`; leave empty.")

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in _SECRETS:
            path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
            if path and not values.get(name):
                values[name] = Path(path).read_text(encoding="utf-8").strip()
        return values

    @field_validator("base_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        """Every link of a mail starts with it, and the site answers at the root alone."""
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
            raise ValueError("write https://HOST or http://HOST:PORT, without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @classmethod
    def load(cls) -> Settings:
        """Read the environment. Raises `SettingsError` that names the variable and what is wrong, never its value."""
        try:
            return cls()
        except ValidationError as error:
            faults = "; ".join(
                f"{PREFIX}{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
                for fault in error.errors(include_url=False, include_input=False)
            )
            raise SettingsError(f"Settings can't be used: {faults}.") from None
        except OSError as error:
            raise SettingsError(f"A secret file can't be read: {error}.") from error

    @property
    def database_address(self) -> str:
        """The database URL, by default the SQLite file in the state directory."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.state_dir / 'newsletter.sqlite').absolute()}"

    def key_ring(self) -> KeyRing:
        """The signing keys; generated once into the state directory where the environment names none."""
        text = self.secret_keys.get_secret_value() if self.secret_keys else _generated_keys(self.state_dir)
        try:
            return KeyRing.parse(text)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}SECRET_KEYS: {error}.") from error


def _generated_keys(state_dir: Path) -> str:
    """Read or create `secret-keys`, readable by its owner alone; the exclusive create lets one of two starts win."""
    path = state_dir / "secret-keys"
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError), _created(path) as file:  # an earlier start wrote it; that one is read below
        file.write(f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    return path.read_text(encoding="utf-8").strip()


def _created(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8")
