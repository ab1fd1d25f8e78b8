"""The far end of a socket: frames go to it for as long as it is there and reads them."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from django.utils import translation

from chat import protocol
from chat.sockets.codes import SLOW
from chat.sockets.window import Window

log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Client:
    """Sends frames in the order of the calls. Once the client is gone, or was closed, nothing is sent to it."""

    __slots__ = ("_send", "is_gone", "language", "window")

    def __init__(self, send: Send, language: str) -> None:
        self._send, self.language = send, language
        self.window = Window(time.monotonic())
        self.is_gone = False

    async def accept(self) -> None:
        await self._emit({"type": "websocket.accept"})

    async def send(self, frame: protocol.ToClient) -> None:
        """Sends a frame, or closes the socket if its client does not read."""
        await self.send_data(protocol.encode(frame))

    async def send_data(self, data: bytes) -> None:
        """Sends a frame that is encoded already, as ``send`` does."""
        if not self.window.add(len(data)):
            await self.close(SLOW)
            return
        await self._emit({"type": "websocket.send", "text": data.decode()})
        if self.window.wants_beat:
            await self.send_beat()

    async def send_beat(self) -> None:
        """Asks for a sign of life, and for how much was read."""
        await self.send(protocol.ServerBeat(sent=self.window.announce()))

    async def refuse(
        self, code: str, text: Any, client_id: UUID | None = None, *, retry_after_s: int | None = None
    ) -> None:
        """Sends an error, in the client's language. ``client_id`` is that of the send that was refused."""
        with translation.override(self.language):
            sentence = str(text)
        await self.send(protocol.Error(code, sentence, client_id, retry_after_s))

    async def close(self, code: int) -> None:
        """Closes the socket with one of ``codes``."""
        await self._emit({"type": "websocket.close", "code": code})
        self.is_gone = True

    async def _emit(self, message: dict) -> None:
        if self.is_gone:
            return
        try:
            await self._send(message)
        except Exception as error:  # noqa: BLE001 - each server has an error of its own for a client that has left
            self.is_gone = True
            log.debug("nobody is there any more: %s", type(error).__name__)
