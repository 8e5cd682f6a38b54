"""Measurements, each beside a floor in the same run: `make bench`, or `python -m benchmarks --readers 100000`."""
