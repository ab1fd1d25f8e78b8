"""One web process under test: ``python -m tests.bench.server contiple|echo|layer``.

The server is set up as production does it (``contiple.server``); only the application differs, and that nobody is
stopped for writing faster than a person types: the bench's clients do.
"""

import argparse
import asyncio
import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

HOST = "127.0.0.1"
UNLIMITED = 10**9


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("application", choices=["contiple", "echo", "layer"])
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--core", type=int)
    parser.add_argument("--worker", action="store_true")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    signal.signal(signal.SIGUSR1, lambda number, frame: gc.collect())
    _set_up(options.application)
    with_worker = options.worker and options.application == "contiple"
    {"daphne": _daphne, "uvicorn": _uvicorn}[options.server](options.port, with_worker)


def _set_up(name: str) -> None:
    import contiple.asgi
    from chat.sockets import limits

    limits.SEND_BURST = limits.SEND_PER_S = UNLIMITED
    limits.FRAME_BURST = limits.FRAMES_PER_S = UNLIMITED
    if name != "contiple":
        contiple.asgi.application = {"echo": echo, "layer": _layer_echo()}[name]


def _daphne(port: int, with_worker: bool) -> None:
    from contiple import server

    server.serve(host=HOST, port=port, with_worker=with_worker)


def _uvicorn(port: int, with_worker: bool) -> None:
    """The same application, the same pool of threads, the same limits."""
    import uvicorn
    import uvloop

    import contiple.asgi
    from chat import worker
    from contiple import server

    async def serve() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(server.THREADS))
        await uvicorn.Server(config).serve()

    config = uvicorn.Config(
        contiple.asgi.application,
        host=HOST,
        port=port,
        log_level="warning",
        lifespan="off",
        ws_max_size=server.FRAME_MAX_BYTES,
        ws_ping_interval=server.PING_SECONDS,
        ws_ping_timeout=server.PING_TIMEOUT_SECONDS,
    )
    if with_worker:
        threading.Thread(target=worker.run, args=[threading.Event()], daemon=True).start()
    uvloop.run(serve())


async def echo(scope: dict, receive: Any, send: Any) -> None:
    """The reference: an ASGI application that sends back what comes."""
    if scope["type"] != "websocket":
        return
    while (event := await receive())["type"] != "websocket.disconnect":
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "websocket.send", "text": event["text"]})


def _layer_echo() -> Any:
    """The reference of memory: Channels' own consumer, with a channel in the layer and in a group."""
    from channels.generic.websocket import AsyncWebsocketConsumer

    class Echo(AsyncWebsocketConsumer):
        groups = ["everybody"]

        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            await self.send(text_data=text_data)

    return Echo.as_asgi()


if __name__ == "__main__":
    main()
