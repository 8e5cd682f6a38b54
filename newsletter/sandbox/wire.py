"""The raw connection under an exchange, for answers that no web server would give.

uvicorn speaks HTTP for us, and an application under it can't reset a connection or write half an answer. Rather than
write a server of our own, its h11 protocol is subclassed in two documented asyncio callbacks that remember each
connection's transport under the client's address; a fault then reaches past HTTP and always ends the connection.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_NO_LINGER: Final = struct.pack("ii", 1, 0)

Wires = dict[tuple[str, int], asyncio.Transport]


def watched_protocol(wires: Wires) -> type[H11Protocol]:
    """The protocol of uvicorn, which also keeps `wires` up to date."""

    class Watched(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            if self.client:
                wires[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client:
                wires.pop(self.client, None)
            super().connection_lost(exc)

    return Watched


@dataclass(slots=True)
class Exchange:
    """One request and the means to answer it well or badly."""

    scope: Scope
    receive: Receive
    send: Send
    wire: asyncio.Transport

    async def answer(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """A whole HTTP answer."""
        headers = [*headers, (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def read(self, limit: int) -> bytes | None:
        """The whole body, or None when it is longer than `limit` bytes. Raises ConnectionError if the client leaves."""
        parts: list[bytes] = []
        size = 0
        while True:
            event = await self.receive()
            if event["type"] != "http.request":
                raise ConnectionError("the client went away before its request was complete")
            parts.append(event["body"])
            size += len(event["body"])
            if size >= limit:
                return None
            if not event["more_body"]:
                return b"".join(parts)

    def write_raw(self, data: bytes) -> None:
        """Bytes past the HTTP machinery."""
        self.wire.write(data)

    async def hang_up(self) -> None:
        """Close in good order, after what was written has left."""
        self.wire.close()
        await self._until_gone()

    async def reset(self) -> None:
        """Close with RST: the client's next read or write fails."""
        sock = self.wire.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.wire.abort()
        await self._until_gone()

    async def _until_gone(self) -> None:
        """An application that returns before the connection is lost would be answered for with a 500."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def sleep_or_leave(self, seconds: float) -> None:
        """Wait, but no longer than the client does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._until_gone()
