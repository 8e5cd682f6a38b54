"""Bodies, stored once per digest, so that a million readers of one variant cost one file."""

import hashlib
import os
from pathlib import Path
from typing import Any, Final

import orjson

PREFIX: Final = "sha256:"


def digest_of(content: bytes) -> str:
    """The name under which a body list (as JSON bytes) is kept."""
    return PREFIX + hashlib.sha256(content).hexdigest()


class Contents:
    """A directory of `<sha256>.json`, each the `content` member of a request to the letter."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._known = {path.stem for path in directory.glob("*.json")}

    def keep(self, digest: str, content: bytes) -> None:
        """Write and sync `content` unless it is there; a half-written file never gets the final name."""
        name = digest.removeprefix(PREFIX)
        if name in self._known:
            return
        target = self._directory / f"{name}.json"
        rough = target.with_suffix(".part")
        with rough.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        rough.replace(target)
        _sync_directory(self._directory)
        self._known.add(name)

    def load(self, digest: str) -> list[dict[str, Any]]:
        """The blocks as they were posted."""
        blocks: list[dict[str, Any]] = orjson.loads(
            (self._directory / f"{digest.removeprefix(PREFIX)}.json").read_bytes()
        )
        return blocks


def _sync_directory(directory: Path) -> None:
    """A new name survives a crash only when its directory is synced too."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
