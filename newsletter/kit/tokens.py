"""Links that prove their bearer: a keyed MAC over a purpose and a few numbers. Nothing is stored per mail.

A token is base64url of: key id (1 byte), the numbers (LEB128 varints), and a 128-bit tag, keyed BLAKE2b (RFC 7693)
over key id and numbers. The purpose is BLAKE2's personalization, so it is no part of the token, and a token of one
purpose is worthless for any other (OWASP ASVS 9.2.2). Signing runs several times per reader and mail: BLAKE2b in keyed
mode takes about a third of HMAC-SHA-256's time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_TAG_BYTES = 16
_MAX_NUMBERS = 4
_MAX_LENGTH = 128


class Purpose(StrEnum):
    """What a link is for: at most 16 bytes, the room BLAKE2b has for it. One token, one purpose."""

    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    WEB_COPY = "web-copy"
    CLICK = "click"
    CONFIRM = "confirm"


class BadToken(Exception):  # noqa: N818 -- the caller answers with one neutral page, whatever the fault
    """Not a token of ours for this purpose."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Signing keys by id (0–255). The first signs; all verify, and unsubscribe keys are never retired."""

    keys: Mapping[int, bytes]
    current: int

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Read `id:base64,id:base64`. Raises `ValueError` naming the fault, never the key."""
        keys: dict[int, bytes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _, value = part.partition(":")
            try:
                number, key = int(name), base64.b64decode(value, validate=True)
            except (ValueError, binascii.Error):
                raise ValueError("a key is written id:base64, the id a number from 0 to 255") from None
            if not 0 <= number <= 255 or not 16 <= len(key) <= 64:
                raise ValueError(f"key {number}: the id is 0–255 and the key has 16 to 64 bytes")
            keys.setdefault(number, key)
        if not keys:
            raise ValueError("no key given")
        return cls(keys, next(iter(keys)))

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Keys for the keyed hashes of erased addresses, the current one first; derived, so no link key leaves here."""
        ids = (self.current, *(key_id for key_id in self.keys if key_id != self.current))
        return tuple(hmac.digest(self.keys[key_id], b"tombstone", hashlib.sha256) for key_id in ids)

    def sign(self, purpose: Purpose, *numbers: int) -> str:
        """A token for these non-negative numbers: 30–60 characters, safe in URLs, HTML and text as they are."""
        body = bytes([self.current]) + b"".join(_varint(number) for number in numbers)
        return _encode(body + self._tag(self.current, purpose, body))

    def verify(self, purpose: Purpose, token: str) -> tuple[int, ...]:
        """The numbers of a token, or `BadToken`; the comparison takes constant time."""
        raw = _decode(token)
        body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if not body or body[0] not in self.keys or not hmac.compare_digest(tag, self._tag(body[0], purpose, body)):
            raise BadToken
        return _numbers(body[1:])

    def _tag(self, key_id: int, purpose: Purpose, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=_TAG_BYTES, key=self.keys[key_id], person=purpose.encode()).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    if len(token) > _MAX_LENGTH or not token.isascii():
        raise BadToken
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise BadToken from None
    if _encode(raw) != token:  # unused trailing bits would make several spellings of one token
        raise BadToken
    return raw


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(data: bytes) -> tuple[int, ...]:
    found: list[int] = []
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            found.append(value)
            value = shift = 0
    if shift or len(found) > _MAX_NUMBERS:
        raise BadToken
    return tuple(found)
