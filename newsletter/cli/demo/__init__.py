"""`newsletter demo`: from nothing to a delivered issue, on this machine alone, with every figure checked."""

from newsletter.cli.demo.command import demo

__all__ = ["demo"]
