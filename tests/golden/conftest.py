"""Our own sample issue for the golden emails; it lies beside the tests of the rendering."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.issues import content_json
from newsletter.issues.content import Content


@pytest.fixture(scope="session")
def sample() -> Content:
    """Seventeen items in four sections."""
    return content_json.load((Path(__file__).parent.parent / "rendering" / "sample.json").read_bytes())
