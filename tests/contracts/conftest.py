"""Every transport, and a way to look into the mailbox behind it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.delivery.message import Message
from newsletter.delivery.transports.base import Transport
from newsletter.delivery.transports.file import FileTransport
from newsletter.delivery.transports.memory import MemoryTransport
from newsletter.delivery.transports.sendgrid import SendGridTransport
from newsletter.rendering.personal import fill
from tests.sandbox.support import KEY, Running, started, until


@dataclass(frozen=True, slots=True)
class Mail:
    """What one reader got."""

    to: str
    name: str
    subject: str
    html: str
    text: str
    list_unsubscribe: str
    list_id: str
    delivery_id: str


@dataclass(frozen=True, slots=True)
class Way:
    """A transport and the mailbox at its end."""

    transport: Transport
    mails: Callable[[Message], list[Mail]]
    """The mails of a message that was handed over, in the order of its readers."""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = started(tmp_path_factory.mktemp("contract"), "--keep", "all")
    yield running
    running.stop()


@pytest.fixture(params=["memory", "file", "sandbox"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    if request.param == "memory":
        memory = MemoryTransport()
        yield Way(memory, lambda message: [_kept(memory, message, n) for n in _each(message)])
    elif request.param == "file":
        yield Way(FileTransport(tmp_path), lambda message: [_read(tmp_path, message, n) for n in _each(message)])
    else:
        running: Running = request.getfixturevalue("sandbox")
        transport = SendGridTransport(KEY, f"http://127.0.0.1:{running.port}", 2)
        yield Way(transport, lambda message: [_shown(running, message, n) for n in _each(message)])
        transport.close()


def _each(message: Message) -> range:
    return range(len(message.recipients))


def _kept(transport: MemoryTransport, message: Message, n: int) -> Mail:
    kept = next(one for one in transport.accepted if one.attempt_id == message.attempt_id)
    reader, letter = kept.recipients[n], kept.letter
    return Mail(
        reader.email,
        reader.name,
        letter.subject,
        fill(letter.html, reader.substitutions),
        fill(letter.text, reader.substitutions),
        f"<{reader.unsubscribe_url}>",
        letter.list_id,
        kept.delivery_id(reader),
    )


def _read(directory: Path, message: Message, n: int) -> Mail:
    raw = (directory / f"{message.delivery_id(message.recipients[n])}.eml").read_bytes()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    text, html = mail.iter_parts()
    (to,) = mail["To"].addresses
    return Mail(
        to.addr_spec,
        to.display_name,
        str(mail["Subject"]),
        html.get_content().replace("\r\n", "\n"),
        text.get_content().replace("\r\n", "\n"),
        str(mail["List-Unsubscribe"]),
        str(mail["List-Id"]),
        str(mail["X-NL-Delivery-Id"]),
    )


def _shown(running: Running, message: Message, n: int) -> Mail:
    """The mail as the stand-in's reader sees it."""
    reader = message.recipients[n]
    until(lambda: running.api(f"mails?to={reader.email}")["mails"])
    listed = running.api(f"mails?to={reader.email}")["mails"][0]
    mail = running.api(f"mails/{listed['id']}")
    assert mail["custom_args"]["nl_attempt_id"] == message.attempt_id
    return Mail(
        mail["to"][0]["email"],
        mail["to"][0].get("name", ""),
        mail["subject"],
        mail["html"],
        mail["text"],
        mail["headers"]["List-Unsubscribe"],
        mail["headers"]["List-Id"],
        mail["custom_args"]["nl_delivery_id"],
    )
