"""What `manage.py serve` bounds, seen from outside."""

import base64
import os
import socket
import struct
from urllib.parse import urlsplit

import pytest

from contiple.server import FRAME_MAX_BYTES

TOO_BIG = 1009  # RFC 6455, 7.4.1
TEXT, CLOSE = 0x1, 0x8

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(server):
    with socket.create_connection(
        (urlsplit(server.origin).hostname, urlsplit(server.origin).port), timeout=10
    ) as opened:
        opened.sendall(handshake(server.origin))
        assert b" 101 " in opened.recv(4096)
        yield opened


def handshake(origin: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /ws/chat/demo/ HTTP/1.1",
        f"Host: {urlsplit(origin).netloc}",
        f"Origin: {origin}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    short = len(payload) < 1 << 16
    head = bytes([(0x80 if final else 0) | opcode, 0x80 | (126 if short else 127)])
    length = struct.pack("!H" if short else "!Q", len(payload))
    return head + length + bytes(4) + payload  # masked by zeros, which changes nothing


def close_code(connection: socket.socket) -> int:
    """Of the next close frame; what comes before it is passed over."""
    while True:
        opcode, length = (byte & mask for byte, mask in zip(connection.recv(2), (0x0F, 0x7F), strict=True))
        if length == 126:
            (length,) = struct.unpack("!H", connection.recv(2))
        payload = connection.recv(length)
        if opcode == CLOSE:
            return struct.unpack("!H", payload[:2])[0]


def test_a_frame_over_the_limit_is_refused(connection):
    connection.sendall(frame(TEXT, b"x" * (FRAME_MAX_BYTES + 1)))
    assert close_code(connection) == TOO_BIG


def test_a_message_over_the_limit_in_small_frames_is_refused(connection):
    half = b"x" * (FRAME_MAX_BYTES // 2 + 1)
    connection.sendall(frame(TEXT, half, final=False) + frame(0x0, half))
    assert close_code(connection) == TOO_BIG


def test_a_page_is_served(server):
    with socket.create_connection(
        (urlsplit(server.origin).hostname, urlsplit(server.origin).port), timeout=10
    ) as opened:
        opened.sendall(f"GET /nothing-here/ HTTP/1.1\r\nHost: {urlsplit(server.origin).netloc}\r\n\r\n".encode())
        assert b" 404 " in opened.recv(4096)


def test_a_server_with_redis_beside_others(start_server, redis_url):
    first = start_server("--worker", REDIS_URL=redis_url)
    second = start_server(REDIS_URL=redis_url)
    assert first.process.poll() is second.process.poll() is None
