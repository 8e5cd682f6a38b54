"""The content of our samples, letter for letter, as JSON. `--golden-renew` writes it anew after a wanted change."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.ingest.reader import read_issue
from newsletter.issues import content_json

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "samples"
TEXTS = sorted([*(ROOT / "newsletter" / "sample").glob("*.txt"), *GOLDEN.glob("*.txt"), *GOLDEN.glob("*.md")])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_sample_gives_the_same_content_as_ever(path: Path, golden_renew: bool) -> None:
    golden = GOLDEN / f"{path.name}.json"
    data = content_json.dump(read_issue(path))
    if golden_renew:
        golden.write_bytes(data)
    assert data.decode() == golden.read_text("utf-8")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_the_golden_json_reads_back_as_the_issue(path: Path) -> None:
    assert read_issue(GOLDEN / f"{path.name}.json") == read_issue(path)


def test_there_are_samples_of_every_kind() -> None:
    assert len(TEXTS) >= 4
