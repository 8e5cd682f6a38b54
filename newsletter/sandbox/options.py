"""Arguments of `python -m newsletter.sandbox`; each has an environment variable `NEWSLETTER_SANDBOX_<NAME>`."""

import argparse
import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter.sandbox.switches import Switches, changed

ENVIRONMENT: Final = "NEWSLETTER_SANDBOX_"
DEFAULT_KEY: Final = "SG.sandbox"
DEFAULT_PORT: Final = 8025


@dataclass(frozen=True, slots=True)
class Options:
    """How one stand-in is run. Times in seconds."""

    host: str
    port: int
    state: Path
    webhook: str
    api_key: str
    senders: frozenset[str]
    from_domains: frozenset[str]
    seed: int
    strict: bool
    events: bool
    keep_mails: bool
    event_delay: float
    batch_interval: float
    latency: float
    idle_timeout: float
    keep_alive: bool
    switches: Switches
    ready_file: Path | None
    end_with_input: bool
    allow_remote: bool


def parsed(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> Options:
    """From the command line, else the environment, else by default. Exits with 2 and a sentence if wrong."""
    parser = _parser(os.environ if environment is None else environment)
    given = parser.parse_args(arguments)
    if not given.allow_remote and not is_loopback(given.host):
        parser.error(f"--host {given.host} can be reached from elsewhere; give --allow-remote if that is wanted.")
    try:
        switches = changed(Switches(), dict(_switch(text) for text in given.switch))
    except ValueError as error:
        parser.error(str(error))
    return Options(
        host=given.host,
        port=given.port,
        state=given.state,
        webhook=given.webhook,
        api_key=given.api_key,
        senders=frozenset(one.lower() for one in given.sender),
        from_domains=frozenset(one.lower() for one in given.from_domain),
        seed=given.seed,
        strict=given.strict,
        events=given.events == "on" and bool(given.webhook),
        keep_mails=given.keep == "all",
        event_delay=given.event_delay,
        batch_interval=given.batch_interval,
        latency=given.latency,
        idle_timeout=given.idle_timeout,
        keep_alive=given.keep_alive,
        switches=switches,
        ready_file=given.ready_file,
        end_with_input=given.end_with_input,
        allow_remote=given.allow_remote,
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m newsletter.sandbox",
        description="A stand-in for SendGrid. It checks, keeps and shows mail, and never sends any.",
        epilog=f"Every option can also be set as {ENVIRONMENT}<NAME>, lists with commas.",
    )
    add = _Adder(parser, environment)
    add.text("--host", "127.0.0.1", "address to listen on")
    add.typed("--port", int, DEFAULT_PORT, "port; 0 takes a free one")
    add.typed("--state", Path, Path("state/sandbox"), "directory of journal, bodies, key and index")
    add.text("--webhook", "", "where events are posted; without it none are told")
    add.text("--api-key", DEFAULT_KEY, "the key requests must carry")
    add.several("--sender", "an address that may stand in `from`; without any, every address may")
    add.several("--from-domain", "a domain whose addresses may stand in `from`")
    add.typed("--seed", int, 1, "seed of everything drawn but ids")
    add.flag("--strict", "also refuse unknown members and repeats across personalizations", default=True)
    add.choice("--events", ("on", "off"), "whether events are told")
    add.choice("--keep", ("all", "journal"), "fill the inbox, or only write the journal")
    add.typed("--event-delay", float, 1.0, "seconds between a mail's events")
    add.typed("--batch-interval", float, 1.0, "seconds between batches of events; SendGrid takes about 30")
    add.typed("--latency", float, 0.0, "seconds before each proper answer")
    add.typed("--idle-timeout", float, 60.0, "seconds after which an idle connection is closed")
    add.flag("--keep-alive", "keep connections; else answer with `Connection: close`", default=True)
    add.several("--switch", "a misbehaviour of events, NAME=VALUE")
    add.typed("--ready-file", Path, None, "written with port, pid and address as JSON once it listens")
    add.flag("--end-with-input", "stop when standard input ends: whoever started it is gone", default=False)
    add.flag("--allow-remote", "allow a host that others can reach", default=False)
    return parser


class _Adder:
    """Adds options whose default may stand in the environment."""

    def __init__(self, parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
        self._parser = parser
        self._environment = environment

    def _found(self, flag: str) -> str | None:
        return self._environment.get(ENVIRONMENT + flag.removeprefix("--").replace("-", "_").upper())

    def text(self, flag: str, default: str, words: str) -> None:
        self._parser.add_argument(flag, default=self._found(flag) or default, help=words)

    def typed(self, flag: str, kind: Any, default: object, words: str) -> None:  # noqa: ANN401 - argparse takes any callable
        found = self._found(flag)  # a default that is text goes through `type` as well
        self._parser.add_argument(flag, type=kind, default=default if found is None else found, help=words)

    def several(self, flag: str, words: str) -> None:
        found = [one for one in (self._found(flag) or "").split(",") if one]
        self._parser.add_argument(flag, action="append", default=found, metavar="VALUE", help=f"{words}; repeatable")

    def flag(self, flag: str, words: str, *, default: bool) -> None:
        found = self._found(flag)
        value = default if found is None else found.lower() in {"1", "true", "yes", "on"}
        self._parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=value, help=words)

    def choice(self, flag: str, choices: tuple[str, ...], words: str) -> None:
        self._parser.add_argument(flag, choices=choices, default=self._found(flag) or choices[0], help=words)


def _switch(text: str) -> tuple[str, float | bool]:
    name, found, value = text.partition("=")
    if value in {"true", "false"} or not found:
        return name, value != "false"
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"--switch {text}: {value!r} is neither a number nor true or false.") from None
