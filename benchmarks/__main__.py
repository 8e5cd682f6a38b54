"""Runs every measurement and prints it with its ratio to the floor: absolute numbers are for people to read."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks import rendering, sending
from benchmarks.timing import Measured

HEAD = f"{'what':<44}{'this':>12}{'floor':>12}{'ratio':>8}"


def main() -> None:
    """Measure with so many readers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--readers", type=int, default=10_000, help="default 10,000")
    parser.add_argument("--batch-size", type=int, default=1_000, help="readers per request, default 1,000")
    asked = parser.parse_args()
    print(HEAD)
    for measured in rendering.measure():
        show(measured)
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as directory:
        for measured in sending.measure(Path(directory), asked.readers, asked.batch_size):
            show(measured)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    print(f"peak memory {peak:,.0f} MiB, {asked.readers:,} readers")


def show(measured: Measured) -> None:
    """One line."""
    this, floor = f"{measured.seconds * 1e3:,.2f} ms", f"{measured.floor * 1e3:,.2f} ms"
    print(f"{measured.what:<44}{this:>12}{floor:>12}{measured.seconds / measured.floor:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
