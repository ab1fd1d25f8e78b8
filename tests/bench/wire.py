"""A WebSocket as a client speaks it (RFC 6455), and no more than a load generator needs: cheap, without checks."""

import asyncio
import base64
import os
from collections.abc import Callable

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
# Any key is valid; one for all saves the making of it. The server has to undo it all the same.
KEY = b"\x37\xfa\x21\x3d"
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n"
)


class Refused(ConnectionError):
    """The server did not take the socket."""


class Wire(asyncio.Protocol):
    """One socket. ``on_text`` gets every text frame, ``on_close`` the code: 1006 where the line just broke."""

    transport: asyncio.Transport

    def __init__(self, handshake: bytes, on_text: Callable[[bytes], None], on_close: Callable[[int], None]) -> None:
        self.handshake, self.on_text, self.on_close = handshake, on_text, on_close
        self.opened = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.code = 1006

    def send(self, text: bytes) -> None:
        self.transport.write(client_frame(TEXT, text))

    def cut(self) -> None:
        """As a broken line: no close frame."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(self.handshake)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(Refused("the line broke during the handshake"))
        self.on_close(self.code)

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        at = 0 if self.opened.done() else self._read_handshake(data)
        while self.opened.done() and (payload := _next_payload(data, at)) is not None:
            start, stop = payload
            self._take(data[at] & 0x0F, data[start:stop])
            at = stop
        self.buffer = data[at:]

    def _read_handshake(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if not data.startswith(b"HTTP/1.1 101"):
            self.opened.set_exception(Refused(data.split(b"\r\n", 1)[0].decode(errors="replace")))
            self.transport.abort()
            return len(data)
        self.opened.set_result(None)
        return end + 4

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self.on_text(payload)
        elif opcode == PING:
            self.transport.write(client_frame(PONG, payload))
        elif opcode == CLOSE:
            self.code = int.from_bytes(payload[:2], "big") if payload else 1005
            self.transport.close()


async def connect(
    port: int, path: str, *, on_text: Callable[[bytes], None], on_close: Callable[[int], None], cookie: str = ""
) -> Wire:
    """Raises ``OSError`` (``Refused`` is one) where the socket can't be opened."""
    handshake = HANDSHAKE.format(
        path=path,
        port=port,
        origin=f"http://localhost:{port}",
        key=base64.b64encode(os.urandom(16)).decode(),
        more=f"Cookie: {cookie}\r\n" if cookie else "",
    ).encode()
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: Wire(handshake, on_text, on_close), "127.0.0.1", port)
    await wire.opened
    return wire


def client_frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    masked = int.from_bytes(payload, "big") ^ int.from_bytes((KEY * (size // 4 + 1))[:size], "big")
    return _head(opcode, size) + KEY + masked.to_bytes(size, "big")


def _head(opcode: int, size: int) -> bytes:
    if size < 126:
        return bytes([0x80 | opcode, 0x80 | size])
    if size < 2**16:
        return bytes([0x80 | opcode, 0xFE]) + size.to_bytes(2, "big")
    return bytes([0x80 | opcode, 0xFF]) + size.to_bytes(8, "big")


def _next_payload(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at ``at`` begins and ends; ``None`` where it has not all arrived."""
    have = len(data) - at
    if have < 2:
        return None
    size, head = data[at + 1], 2
    if size == 126:
        size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
    elif size == 127:
        size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
    return (at + head, at + head + size) if have >= head + size else None
