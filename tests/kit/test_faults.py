from __future__ import annotations

import subprocess
import sys

import pytest

from newsletter.kit.faults import Fault, parse

PROGRAM = "from newsletter.kit.faults import fp\nfor n in range(3): fp('07'); print(n, flush=True)\n"


def run(fault: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env={"NEWSLETTER_FAULT": fault}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("", None),
        ("07:kill", Fault("07", "kill")),
        ("10:sleep=2.5@3", Fault("10", "sleep", 2.5, 3)),
        ("13:raise@2", Fault("13", "raise", 0.0, 2)),
    ],
)
def test_a_fault_is_read(word: str, fault: Fault | None) -> None:
    assert parse(word) == fault


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="NN:kill"):
        parse("07:explode")


def test_without_a_fault_a_point_does_nothing() -> None:
    assert run("").stdout == "0\n1\n2\n"


def test_a_process_dies_at_the_visit_it_was_told() -> None:
    died = run("07:kill@2")
    assert died.stdout == "0\n"
    assert died.returncode == -9


def test_a_point_raises_and_other_points_do_not() -> None:
    assert "InjectedFault: fault point 07" in run("07:raise").stderr
    assert run("08:raise").returncode == 0
