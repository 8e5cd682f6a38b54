"""Stand-ins for the tests: one shared by a module, and a way to start one's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox.support import Receiver, Running, listening, started

Start = Callable[..., Running]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from listening()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts stand-ins that end with the test."""
    running: list[Running] = []

    def begin(*arguments: str, **named: tuple[str, ...]) -> Running:
        one = started(tmp_path / "state", *arguments, **named)
        running.append(one)
        return one

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One stand-in without events; tests that use it look only at what they sent."""
    one = started(tmp_path_factory.mktemp("shared") / "state")
    yield one
    one.stop()
