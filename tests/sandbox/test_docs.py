"""`docs/sandbox.md` names everything there is to ask for."""

import dataclasses
import re
from pathlib import Path

import pytest

from newsletter.sandbox.faults import PREFIX, vocabulary
from newsletter.sandbox.options import parsed
from newsletter.sandbox.outcomes import OUTCOMES
from newsletter.sandbox.switches import Switches

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/sandbox.md").read_text()
WORDS = set(re.findall(r"`([^`\n]+)`", PAGE))


def test_every_outcome_switch_and_fault_is_described() -> None:
    faults = {name for name in vocabulary() if not name.startswith(PREFIX)}
    switches = {field.name for field in dataclasses.fields(Switches)}
    assert (set(OUTCOMES) | switches | faults) - WORDS == set()


def test_every_option_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(["--help"], {})
    options = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    assert len(options) > 15
    assert options - WORDS == set()


def test_every_route_of_the_interface_is_described() -> None:
    source = (ROOT / "newsletter/sandbox/api.py").read_text()
    routes = set(re.findall(r'Route\("(/api/[a-z-]+)', source))
    assert len(routes) > 8
    assert {route for route in routes if route not in PAGE} == set()
