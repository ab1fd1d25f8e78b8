"""Large bodies, both ways, in pieces: none is ever whole in memory.

A file that comes is on the disk until the application has its turn and reads it. One that goes waits whenever the
client reads too slowly, and a client that reads nearly nothing is cut off.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO

from contiple import bounds

Receive = Callable[[], Awaitable[dict[str, Any]]]
BODY = "contiple.body"  # in the scope: the body of an upload, an open file


def reading_body(scope: dict[str, Any], receive: Receive) -> Receive:
    """Returns what reads the upload's body before whatever else ``receive`` has; ``receive`` itself for other requests.

    Daphne's own message of the body is empty then, and ends it.
    """
    body: BinaryIO | None = scope.pop(BODY, None)
    if body is None:
        return receive

    async def read() -> dict[str, Any]:
        if not body.closed and (piece := body.read(bounds.PIECE_BYTES)):
            await asyncio.sleep(0)  # others' turn
            return {"type": "http.request", "body": piece, "more_body": True}
        body.close()
        return await receive()

    return read


class Pace:
    """Whether the client of a connection takes what is written. ``hold`` and ``go`` are called by the transport."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()

    def hold(self) -> None:
        self.free.clear()

    def go(self) -> None:
        self.free.set()

    async def wait(self, *, sent: int, waited_s: float) -> bool:
        """Waits until more may be written. Returns False if the client is too slow: cut it off.

        ``sent`` bytes of the answer were written, and ``waited_s`` seconds were waited for the client to take them. How
        long the application took to make them is not the client's slowness.
        """
        if waited_s > bounds.body_seconds(sent):
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(bounds.STILL_SECONDS):
                await self.free.wait()
        return self.free.is_set()
