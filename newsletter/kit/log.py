"""One event, one line, to stderr. No address, name, token or secret is ever logged: events carry opaque ids only."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

_QUIET = ("httpx", "httpcore", "python_http_client", "apscheduler", "uvicorn.access")
"""Libraries that would write URLs (which hold tokens) or, at DEBUG, the provider's key."""


def configure(*, as_json: bool, stream: TextIO | None = None) -> None:
    """Set up logging for this process, to stderr unless said otherwise: people read text, machines JSON."""
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _one_line,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """What a stranger sent must not make two lines of one, or colour a terminal (OWASP ASVS 16.4.1)."""
    return {key: _visible(value) if isinstance(value, str) else value for key, value in event.items()}


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() or char == " " else f"\\x{ord(char):02x}" for char in text)
