"""One port in front of several web processes, for one machine (`manage.py cluster`). Production has a real proxy.

Passes bytes on, to each process in turn, with no stickiness; one that does not accept is passed over. It knows nothing
of HTTP, so sockets and pages are the same to it, and it sets no header. Neither side is read faster than the other
takes: a client that stops reading is felt by the process that serves it.
"""

import argparse
import asyncio
import contextlib
import itertools
import signal
from collections.abc import Iterator

CONNECT_SECONDS = 2
CHUNK = 64 * 1024
NOBODY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"No web process answers. Try again in a moment.\n"
)


class Front:
    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.turns = itertools.count()

    async def serve(self, host: str, port: int) -> None:
        """Until it is cancelled; open connections end with the loop."""
        self.server = await asyncio.start_server(self._connected, host, port, backlog=1024)
        await asyncio.Event().wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await self._somebody()
        if behind is None:
            writer.write(NOBODY)
            await _close(writer)
            return
        upward = asyncio.create_task(_pass_on(reader, behind[1]))
        # What comes back decides: a process that has closed will not answer any more.
        await _pass_on(behind[0], writer)
        upward.cancel()
        await asyncio.gather(upward, _close(behind[1]), _close(writer), return_exceptions=True)

    async def _somebody(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for port in self._in_turn():
            with contextlib.suppress(OSError, TimeoutError):
                return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), CONNECT_SECONDS)
        return None

    def _in_turn(self) -> Iterator[int]:
        first = next(self.turns)
        return (self.ports[(first + at) % len(self.ports)] for at in range(len(self.ports)))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until ``reader`` ends, and then says so to the other side. A cut is passed on as a cut."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()


async def _close(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.close()
        await writer.wait_closed()


async def _main(host: str, port: int, ports: list[int]) -> None:
    serving = asyncio.create_task(Front(ports).serve(host, port))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("ports", type=int, nargs="+", help="of the web processes on this machine")
    options = parser.parse_args()
    asyncio.run(_main(options.host, options.port, options.ports))
