"""A mail as bytes on a wire: RFC 5322 header lines, RFC 2047 encoded words, one multipart/alternative. Pure.

The standard library's modern policy refolds headers by itself and differently between Python releases, so the lines
are written here and the library only frames the parts: the same delivery always gives the same bytes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Final

from newsletter.delivery.message import Message, Recipient, list_unsubscribe
from newsletter.rendering.personal import fill

_LINE: Final = 78
"""RFC 5322 2.1.1: no longer than this if it can be helped, never longer than 998."""
_WORD: Final = 75
"""RFC 2047 2: an encoded word, delimiters included."""
_PREFIX, _SUFFIX = "=?utf-8?b?", "?="
_WORD_BYTES: Final = (_WORD - len(_PREFIX) - len(_SUFFIX)) // 4 * 3
_PLAIN: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def eml(message: Message, recipient: Recipient) -> bytes:
    """One reader's mail, filled, with CRLF line ends."""
    letter = message.letter
    delivery_id = message.delivery_id(recipient)
    domain = letter.from_email.rpartition("@")[2]
    headers = [
        ("From", address("From", letter.from_name, letter.from_email)),
        ("To", address("To", recipient.name, recipient.email)),
        ("Subject", text("Subject", letter.subject)),
        ("Date", format_datetime(message.at)),
        ("Message-ID", f"<nl-{delivery_id}@{domain}>"),
        *([("Reply-To", letter.reply_to)] if letter.reply_to else []),
        ("List-Id", letter.list_id),
        ("List-Unsubscribe", list_unsubscribe(recipient).replace(", ", ",\r\n ")),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Content-Language", letter.language),
        ("X-NL-Delivery-Id", delivery_id),
        ("X-NL-Attempt-Id", message.attempt_id),
        ("MIME-Version", "1.0"),
    ]
    boundary = f"nl-{delivery_id}-{message.attempt_id[:8]}"
    headers.append(("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    parts = (
        _part("plain", fill(letter.text, recipient.substitutions)),
        _part("html", fill(letter.html, recipient.substitutions)),
    )
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"{head}\r\n{body}--{boundary}--\r\n".encode("ascii")


def text(header: str, value: str) -> str:
    """The value of an unstructured header, folded. Plain only where it fits one line and looks like no encoded word."""
    if _PLAIN.fullmatch(value) and "=?" not in value and len(header) + 2 + len(value) <= _LINE:
        return value
    return _folded(header, value)


def address(header: str, name: str, email: str) -> str:
    """A mailbox. The name may be encoded words; the address never holds one (RFC 2047 5, rule 3)."""
    if not name:
        return email
    if _ATOMS.fullmatch(name) and len(header) + 2 + len(name) <= _LINE:
        phrase = name
    elif _PLAIN.fullmatch(name) and "=?" not in name and len(header) + 4 + len(name) <= _LINE - 10:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        phrase = f'"{escaped}"'
    else:
        phrase = _folded(header, name)
    return f"{phrase}\r\n <{email}>"


def _folded(header: str, value: str) -> str:
    """Encoded words, one per line; white space between them is not part of the value (RFC 2047 6.2)."""
    first = (_LINE - len(header) - 2 - len(_PREFIX) - len(_SUFFIX)) // 4 * 3
    return "\r\n ".join(f"{_PREFIX}{_base64(word)}{_SUFFIX}" for word in _words(value, min(first, _WORD_BYTES)))


def _words(value: str, first: int) -> Iterator[bytes]:
    """The value in UTF-8, cut between characters: each encoded word must be valid by itself (RFC 2047 5)."""
    room, word = first, b""
    for character in value:
        encoded = character.encode()
        if len(word) + len(encoded) > room:
            yield word
            room, word = _WORD_BYTES, b""
        word += encoded
    yield word


def _part(subtype: str, content: str) -> str:
    """Base64, since a line of Korean or of minified HTML passes 998 bytes easily."""
    canonical = content.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    lines = base64.encodebytes(canonical).decode("ascii").replace("\n", "\r\n")
    return f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines}"


def _base64(word: bytes) -> str:
    return base64.b64encode(word).decode("ascii")
