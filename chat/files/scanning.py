"""Lets clamd look at a file before it is stored, if ``CLAMD_URL`` names one. Without an answer nothing is let through.

Speaks INSTREAM, by clamd's own manual (clamd(8)): pieces with their length before them, and an empty one at the end.
"""

import logging
import socket
import time
from typing import BinaryIO
from urllib.parse import SplitResult, unquote

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chat.files.refusals import NotAccepted
from contiple.base.errors import TOO_MUCH, Busy

log = logging.getLogger(__name__)
CONNECT_S, SCAN_S = 5, 30  # a person waits for it
PIECE_BYTES = 64 * 1024
ANSWER_BYTES = 4096


def require_clean(file: BinaryIO) -> None:
    """Raises ``NotAccepted`` for a file in which clamd finds something, and ``Busy`` if clamd does not say."""
    if settings.CLAMD_URL is None:
        return
    try:
        answer = _scan(settings.CLAMD_URL, file)
    except OSError as error:
        answer = type(error).__name__
    if answer.endswith("FOUND"):
        log.warning("A file was refused: clamd found something in it.")
        raise NotAccepted(_("This file has been refused: a virus was found in it."), code="infected", status=422)
    if answer != "stream: OK":
        log.warning("clamd did not scan a file: %s", answer[:80])
        raise Busy(TOO_MUCH)


def ping(url: SplitResult) -> bool:
    """Says whether clamd answers. Raises ``OSError``."""
    with _connected(url) as line:
        line.sendall(b"zPING\0")
        return _answer(line, time.monotonic() + CONNECT_S) == "PONG"


def _scan(url: SplitResult, file: BinaryIO) -> str:
    file.seek(0)
    until = time.monotonic() + SCAN_S
    with _connected(url) as line:
        line.sendall(b"zINSTREAM\0")
        while piece := file.read(PIECE_BYTES):
            _send(line, piece, until)
        _send(line, b"", until)
        return _answer(line, until)


def _connected(url: SplitResult) -> socket.socket:
    if url.scheme == "tcp":
        return socket.create_connection((url.hostname or "", url.port or 3310), timeout=CONNECT_S)
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(CONNECT_S)
        line.connect(unquote(url.path))
    except OSError:
        line.close()
        raise
    return line


def _send(line: socket.socket, piece: bytes, until: float) -> None:
    line.settimeout(_left(until))
    line.sendall(len(piece).to_bytes(4, "big") + piece)


def _answer(line: socket.socket, until: float) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < ANSWER_BYTES:
        line.settimeout(_left(until))
        piece = line.recv(ANSWER_BYTES)
        if not piece:
            break
        said += piece
    return said.strip(b"\0\n ").decode("utf-8", "replace")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
