"""Serves pages and sockets in this process: Daphne, with limits, and the worker beside it where nobody else runs one.

Guaranteed: a frame or message over ``FRAME_MAX_BYTES`` closes its socket (1009) before it is held in memory; SIGINT and
SIGTERM end the process within ``WORKER_STOP_SECONDS`` and a moment, without a stack trace.
"""

import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from contiple.env import EnvError
from contiple.startup import check_port_is_free, port_error

FRAME_MAX_BYTES = 64 * 1024  # a message has at most 4,000 characters; a selection over many of them fits as well
HTTP_TIMEOUT_SECONDS = 60
HANDSHAKE_TIMEOUT_SECONDS = 5
# Two missed pings of 20 s and a gone phone's socket is closed, well before its lease would have been renewed twice.
PING_SECONDS, PING_TIMEOUT_SECONDS = 20, 30
# Threads for database work: they wait for PostgreSQL most of the time. Never more than the pool has connections.
THREADS = 16
WORKER_STOP_SECONDS = 5
WORKER_RETRY_SECONDS = 5

logger = logging.getLogger(__name__)


def serve(*, host: str, port: int, with_worker: bool, ready: Callable[[], None] = lambda: None) -> None:
    """Serves until a signal ends it; calls ``ready`` once it listens. Raises ``EnvError`` where it can't listen."""
    check_port_is_free(host, port)
    from contiple.asgi import application

    stop = threading.Event()
    worker = _start_worker(stop) if with_worker else None
    try:
        _listen(application, host=host, port=port, ready=ready)
    finally:
        stop.set()
        if worker:
            worker.join(WORKER_STOP_SECONDS)
        _close_pools()


def _close_pools() -> None:
    for used in connections.all(initialized_only=True):
        if isinstance(used, DatabaseWrapper):
            used.close_pool()


def check_database() -> None:
    """Raises ``EnvError``, in one line and without the password, where the database does not answer.

    It goes past the pool, which would try again for its whole time-out and hide the reason.
    """
    parameters = connection.get_connection_params()
    try:
        psycopg.connect(**{**parameters, "connect_timeout": 5}).close()
    except psycopg.Error as error:
        place = f"{parameters.get('host', 'localhost')}:{parameters.get('port', 5432)}/{parameters.get('dbname')}"
        raise EnvError(f"The database {place} can't be reached: {' '.join(str(error).split())}") from None


class _Server(Server):
    """Daphne, keeping why it can't listen instead of logging it, and saying why it closes a socket."""

    failure: Exception | None = None

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.value
        self.stop()

    def set_up_sockets(self) -> None:
        """Its factory is there when it is ready. Without this an oversized frame reads as 1006: a broken line."""
        self.ws_factory.protocol = _Socket
        self.ws_factory.setProtocolOptions(failByDrop=False)


class _Socket(WebSocketProtocol):
    """Autobahn's limit is for what comes in; it would refuse a longer answer of ours as well."""

    maxMessagePayloadSize: int  # noqa: N815 - Autobahn's name

    def sendMessage(self, *args: Any, **options: Any) -> None:  # noqa: N802 - Autobahn's name
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*args, **options)
        finally:
            self.maxMessagePayloadSize = limit


def _listen(application: Any, *, host: str, port: int, ready: Callable[[], None]) -> None:
    twisted_loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="request"))

    def listening() -> None:
        server.set_up_sockets()
        # Twisted ends on SIGINT and SIGTERM itself; a terminal that was closed means the same.
        signal.signal(signal.SIGHUP, lambda number, frame: twisted_loop.call_soon_threadsafe(server.stop))
        ready()

    server = _Server(
        application,
        endpoints=[f"tcp:port={port}:interface={_escaped(host)}"],
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


def _escaped(host: str) -> str:
    """Colons of an IPv6 address end a part of Twisted's endpoint descriptions."""
    return host.replace(":", "\\:")


def _start_worker(stop: threading.Event) -> threading.Thread:
    from chat import worker

    thread = threading.Thread(target=_work, args=[worker.run, stop], name="worker", daemon=True)
    thread.start()
    return thread


def _work(run: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Nobody restarts a thread: after an error the worker begins again."""
    while not stop.is_set():
        try:
            run(stop)
        except Exception:
            logger.exception("The worker failed; it starts again in %s s.", WORKER_RETRY_SECONDS)
            stop.wait(WORKER_RETRY_SECONDS)
