"""The whole check, as `make test` runs it: lint, types, layers, then the tests with coverage.

Every part runs even when an earlier one failed, so that one run tells everything; exit code 0 means that all passed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COVERAGE_FLOOR = 95
"""Percent of lines and branches; only ever raised."""

SPREAD = ["-n", "auto", "--dist", "worksteal"]
"""A process per core; each starts its own PostgreSQL."""

CHECKS: dict[str, list[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "lint": [str(BIN / "ruff"), "check", "."],
    "types": [str(BIN / "mypy")],
    "layers": [str(BIN / "lint-imports")],
}
TESTS: dict[str, list[str]] = {
    "tests": [sys.executable, "-m", "coverage", "run", "-m", "pytest", *SPREAD, "--durations=15"],
    "combine": [sys.executable, "-m", "coverage", "combine", "--quiet"],
    "coverage": [sys.executable, "-m", "coverage", "report", f"--fail-under={COVERAGE_FLOOR}"],
}


def main(arguments: list[str]) -> int:
    """Run the parts; further arguments go to pytest."""
    only_check = "--only-check" in arguments
    steps = CHECKS if only_check else {**CHECKS, **TESTS}
    extra = [argument for argument in arguments if argument != "--only-check"]
    failed = [
        name for name, command in steps.items() if not _passes(name, command + (extra if name == "tests" else []))
    ]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall green", flush=True)
    return 1 if failed else 0


def _passes(name: str, command: list[str]) -> bool:
    print(f"── {name}", flush=True)
    start = time.monotonic()
    passed = subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    print(f"   {name}: {'ok' if passed else 'FAILED'} in {time.monotonic() - start:.0f} s", flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
