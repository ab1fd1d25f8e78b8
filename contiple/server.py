"""Serves pages and sockets in this process with Daphne, and runs the worker beside it if no other process does.

Guaranteed: a frame or message over ``FRAME_MAX_BYTES`` closes its socket (1009) before it is held in memory. SIGTERM,
SIGINT and SIGHUP end the process gracefully: it accepts nothing new, tells open sockets to come back (1012), and
finishes the requests it has, all within ``DRAIN_SECONDS``. A second signal ends it at once. After ``END_SECONDS`` it
has ended even if something hangs. None of this prints a stack trace.
"""

import asyncio
import atexit
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol

from contiple import doorway, health, streams
from contiple.base import pools
from contiple.base.env import EnvError
from contiple.local.startup import check_port_is_free, port_error

FRAME_MAX_BYTES = 64 * 1024  # a message has at most 4,000 characters; a selection over many messages fits too
HTTP_TIMEOUT_SECONDS = 60
HANDSHAKE_TIMEOUT_SECONDS = 5
# The socket of a phone that is gone is closed before its lease would be renewed twice.
PING_SECONDS, PING_TIMEOUT_SECONDS = 20, 30
# Threads for database work, which wait for PostgreSQL most of the time. At most as many as the pool has connections.
THREADS = 16
# A thread that computes delays a message by this much at each of its steps (Python's default is 5 ms).
SWITCH_SECONDS = 0.001
WORKER_STOP_SECONDS = 5
WORKER_RETRY_SECONDS = 5
BACKLOG = 1024  # clients that come back at once when another process ends (Linux limits it to somaxconn)
COME_BACK = 1012  # Service Restart, in IANA's registry of WebSocket close codes
DRAIN_SECONDS = 8  # Docker kills a process after 10 s by default
END_SECONDS = DRAIN_SECONDS + WORKER_STOP_SECONDS + 5
END_AT_ONCE_SECONDS = 1
DRAIN_LOOK_SECONDS = 0.05
# A connection without a request is kept this long after it was accepted: its request may be on the way.
FIRST_REQUEST_SECONDS = 1

logger = logging.getLogger(__name__)


def serve(*, host: str, port: int, with_worker: bool, ready: Callable[[], None] = lambda: None) -> None:
    """Serves until a signal ends it. Calls ``ready`` once it listens; raises ``EnvError`` if it can't listen."""
    check_port_is_free(host, port)
    from contiple.asgi import application

    worker = _start_worker(health.stopping) if with_worker else None
    try:
        _listen(application, host=host, port=port, ready=ready)
    finally:
        health.stopping.set()
        if worker:
            worker.join(WORKER_STOP_SECONDS)
        pools.close_all()


class _Server(Server):
    """Daphne that remembers why it can't listen, gives a reason when it closes a socket, and ends gracefully."""

    failure: Exception | None = None
    draining: asyncio.Task[None] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connections: dict[Any, dict[str, Any]] = {}
        self.ports: list[Any] = []
        self.accepted = 0
        # The time at which each HTTP connection was accepted, until it is closed or becomes a socket.
        self.channels: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()

    def listen_success(self, port: Any) -> None:
        self.ports.append(port)
        super().listen_success(port)

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.value
        self.stop()

    def set_up(self) -> None:
        """Call it when the server is ready: Daphne makes its factories late."""
        # Otherwise the client of an oversized frame sees 1006, as after a broken connection.
        self.ws_factory.protocol = _Socket
        self.ws_factory.setProtocolOptions(failByDrop=False)
        build = self.http_factory.buildProtocol
        self.http_factory.protocol = doorway.new_channel
        self.http_factory.buildProtocol = lambda address: self._noted(build(address), address)
        # SIGHUP is a closed terminal. Daphne's own handlers, which end at once, are not installed.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            twisted_loop.add_signal_handler(number, self.end)

    def end(self) -> None:
        """Ends gracefully at the first call, at once at the second."""
        if self.draining is None:
            _end_after(END_SECONDS)
            health.stopping.set()
            self.draining = twisted_loop.create_task(self._drain())
        else:
            _end_after(END_AT_ONCE_SECONDS)
            self.stop()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Lets an application read an upload by itself, when it is its turn: Daphne would read it into memory."""
        body = protocol.take_body() if isinstance(protocol, doorway.Request) else None
        return super().create_application(protocol, scope | ({streams.BODY: body} if body else {}))

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        await super().handle_reply(protocol, message)
        if isinstance(protocol, doorway.Request) and message.get("more_body"):
            await protocol.keep_pace(has_sent=bool(message.get("body")))

    def kill_all_applications(self) -> Any:
        """Forgets finished connections first: they have no application any more, which Daphne does not expect."""
        self.connections = {key: held for key, held in self.connections.items() if "application_instance" in held}
        return super().kill_all_applications()

    def _noted(self, channel: Any, address: Any) -> Any:
        self.accepted += 1
        if not doorway.enter(channel, address.host):
            return None
        self.channels[channel] = time.monotonic()
        return channel

    def _accept_all(self, port: Any) -> None:
        """Accepts all connections in the kernel's queue: their clients are connected already. Twisted takes a few."""
        before = -1
        while before != self.accepted:
            before = self.accepted
            port.doRead()

    async def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        try:
            for port in self.ports:
                self._accept_all(port)
                await port.stopListening().asFuture(twisted_loop)
            while self._send_away() and time.monotonic() < deadline:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(DRAIN_LOOK_SECONDS)
        except Exception:
            logger.exception("The graceful stop failed; what is under way is cut off.")
        finally:
            self.stop()

    def _send_away(self) -> bool:
        """Tells open sockets to come back and ends idle connections. Returns whether something is under way."""
        waiting = [self._close_channel(channel, since) for channel, since in list(self.channels.items())]
        under_way = [self._close_socket(*held) for held in list(self.connections.items())]
        return any(waiting) or any(under_way)

    def _close_channel(self, channel: Any, since: float) -> bool:
        """Ends an HTTP connection after its request, which may still be on the way. Returns whether it is open."""
        inner = getattr(channel, "_channel", channel)
        if not inner.transport.connected or any(request.transport is None for request in inner.requests):
            return False  # closed, or upgraded to a socket
        if inner.requests:
            inner.persistent = 0
            for request in inner.requests:
                if not request.startedWriting:
                    request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        elif time.monotonic() - since >= FIRST_REQUEST_SECONDS:
            inner.loseConnection()
        return True

    def _close_socket(self, protocol: Any, held: dict[str, Any]) -> bool:
        if isinstance(protocol, _Socket) and protocol.state == protocol.STATE_OPEN:
            protocol.sendCloseFrame(code=COME_BACK, reasonUtf8=b"restart")
        application = held.get("application_instance")
        return "disconnected" not in held or bool(application and not application.done())


class _Socket(WebSocketProtocol):
    """Applies Autobahn's limit to incoming messages only: it would refuse longer ones of ours too."""

    maxMessagePayloadSize: int  # noqa: N815 - Autobahn's name
    network: str | None = None  # under which it is counted, until it is closed

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        if self.network is not None:
            doorway.sockets.leave(self.network)
            self.network = None
        super().connectionLost(reason)

    def sendMessage(self, *args: Any, **options: Any) -> None:  # noqa: N802 - Autobahn's name
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*args, **options)
        finally:
            self.maxMessagePayloadSize = limit


def _listen(application: Any, *, host: str, port: int, ready: Callable[[], None]) -> None:
    twisted_loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="request"))

    def listening() -> None:
        server.set_up()
        _collect_less_often()
        sys.setswitchinterval(SWITCH_SECONDS)
        ready()

    server = _Server(
        application,
        endpoints=[f"tcp:port={port}:interface={_escaped(host)}:backlog={BACKLOG}"],
        signal_handlers=False,
        http_timeout=HTTP_TIMEOUT_SECONDS,
        ping_interval=PING_SECONDS,
        ping_timeout=PING_TIMEOUT_SECONDS,
        websocket_handshake_timeout=HANDSHAKE_TIMEOUT_SECONDS,
        websocket_max_message_size=FRAME_MAX_BYTES,
        websocket_max_frame_size=FRAME_MAX_BYTES,
        application_close_timeout=5,
        ready_callable=listening,
        server_name="Contiple",
        verbosity=0,
    )
    server.run()
    if server.failure:
        raise EnvError(port_error(host, port, getattr(server.failure, "socketError", server.failure)))


def _collect_less_often() -> None:
    """Excludes all loaded modules from garbage collection, and makes full collections rare.

    With a thousand sockets a full collection takes a tenth of a second, in which nothing else runs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _end_after(seconds: float) -> None:
    """Ends the process after ``seconds`` at the latest: Python waits for its threads, and one of them may hang."""

    def end() -> None:
        logger.error("Something under way does not end: it is cut off.")
        with contextlib.suppress(Exception):
            atexit._run_exitfuncs()  # the embedded PostgreSQL is stopped there
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _escaped(host: str) -> str:
    """Escapes the colons of an IPv6 address, which separate the parts of Twisted's endpoint descriptions."""
    return host.replace(":", "\\:")


def _start_worker(stop: threading.Event) -> threading.Thread:
    from chat import worker

    thread = threading.Thread(target=_work, args=[worker.run, stop], name="worker", daemon=True)
    thread.start()
    return thread


def _work(run: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Starts the worker again after an error: nothing else restarts a thread."""
    while not stop.is_set():
        try:
            run(stop)
        except Exception:
            logger.exception("The worker failed; it starts again in %s s.", WORKER_RETRY_SECONDS)
            stop.wait(WORKER_RETRY_SECONDS)
