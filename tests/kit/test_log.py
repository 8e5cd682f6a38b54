from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from newsletter.kit.log import configure

HOSTILE = 'a\r\nlevel=critical "x" \x1b[31mred\u2028{"event":"forged"}'


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("as_json", [False, True])
def test_one_event_is_one_line_whatever_is_in_it(as_json: bool) -> None:
    """S-62."""
    stream = io.StringIO()
    configure(as_json=as_json, stream=stream)
    structlog.get_logger("test").info(HOSTILE, value=HOSTILE)
    written = stream.getvalue()
    assert written.endswith("\n")
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written


def test_json_lines_can_be_read_back() -> None:
    stream = io.StringIO()
    configure(as_json=True, stream=stream)
    structlog.get_logger("test").warning("seen", number=7)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["number"], line["level"]) == ("seen", 7, "warning")
    assert line["timestamp"].endswith("Z")


def test_libraries_that_would_write_addresses_are_quiet() -> None:
    """S-07, S-60: at these levels they write links, which hold tokens, or the provider's key."""
    configure(as_json=False, stream=io.StringIO())
    for name in ("httpx", "httpcore", "python_http_client", "uvicorn.access"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
