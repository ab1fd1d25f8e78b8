"""One port in front of several web processes, for one machine (`manage.py cluster`). Production has a real proxy.

It passes bytes on to each process in turn, without stickiness, and skips a process that does not accept. It knows
nothing of HTTP: sockets and pages are the same to it, and it sets no header. It reads from one side only as fast as the
other side takes the bytes, so a process notices that its client has stopped reading.
"""

import argparse
import asyncio
import contextlib
import itertools
import signal
from collections.abc import Iterator

CONNECT_SECONDS = 2
CHUNK = 64 * 1024
NO_PROCESS = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"No web process answers. Try again in a moment.\n"
)


class Front:
    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.turns = itertools.count()

    async def serve(self, host: str, port: int) -> None:
        """Serves until it is cancelled. Open connections end with the event loop."""
        self.server = await asyncio.start_server(self._connected, host, port, backlog=1024)
        await asyncio.Event().wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await self._connect()
        if behind is None:
            writer.write(NO_PROCESS)
            await _close(writer)
            return
        upward = asyncio.create_task(_pass_on(reader, behind[1]))
        # The connection ends with the process: once it has closed its side, no answer will come.
        await _pass_on(behind[0], writer)
        upward.cancel()
        await asyncio.gather(upward, _close(behind[1]), _close(writer), return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for port in self._in_turn():
            with contextlib.suppress(OSError, TimeoutError):
                return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), CONNECT_SECONDS)
        return None

    def _in_turn(self) -> Iterator[int]:
        first = next(self.turns)
        return (self.ports[(first + at) % len(self.ports)] for at in range(len(self.ports)))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes bytes on until ``reader`` ends, and ends ``writer`` then. A reset connection resets the other one."""
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
