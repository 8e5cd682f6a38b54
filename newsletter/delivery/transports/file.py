"""One `.eml` file per reader in a directory: to look at, to hand to another mailer, or to send nothing at all."""

from __future__ import annotations

import os
from pathlib import Path

from newsletter.delivery.message import MAX_RECIPIENTS, Message
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.base import Outcome
from newsletter.delivery.transports.mime import eml
from newsletter.kit.faults import fp


class FileTransport:
    """Writes `<delivery id>.eml`. A reader's second copy of a campaign replaces the first: names are delivery ids.

    A message is accepted when every file has its name and is on the disk. Before the first file has its name nothing
    was sent; between the first and the last nobody can say, so that is unknown.
    """

    name = "file"
    max_recipients = MAX_RECIPIENTS

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def submit(self, message: Message) -> Outcome:
        """Write all files under temporary names, then name them all, then sync the directory."""
        rough: list[tuple[Path, Path]] = []
        try:
            fp("08")
            self.directory.mkdir(parents=True, exist_ok=True)
            for recipient in message.recipients:
                final = self.directory / f"{message.delivery_id(recipient)}.eml"
                part = final.with_suffix(f".{message.attempt_id[:8]}.part")
                rough.append((part, final))
                _write(part, eml(message, recipient))
                fp("09")
        except OSError as error:
            for part, _ in rough:
                part.unlink(missing_ok=True)
            return Outcome(WireClass.NOT_SENT, detail=f"{self.directory}: {error.strerror}")
        return self._publish(rough, message.attempt_id)

    def close(self) -> None:
        """Nothing is held open."""

    def _publish(self, rough: list[tuple[Path, Path]], attempt_id: str) -> Outcome:
        try:
            fp("10")
            for part, final in rough:
                part.replace(final)
                fp("11")
            _sync(self.directory)
        except OSError as error:
            return Outcome(WireClass.UNKNOWN, detail=f"{self.directory}: {error.strerror}")
        return Outcome(WireClass.ACCEPTED, f"file-{attempt_id}")


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    """A new name survives a power cut only when its directory is synced too."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
