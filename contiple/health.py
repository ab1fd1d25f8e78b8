"""`/health/live` and `/health/ready`, for what watches over processes. They are answered before Django is asked.

So no answer depends on a session, a redirect to https or the name in ``Host``: probes call a process by its address.
``live`` says that the event loop turns. ``ready`` says that this process can do its work: the database answers, the
channel layer answers, and the database has every migration of this code. It names the part that is not ready, and
nothing else: reasons hold addresses and user names, and go to the log. One check a second serves all who ask.

A process that is live and not ready still serves what it can: without Redis messages find their way through the
database. So ``ready`` is for starting and replacing processes; a proxy that would take all of them away at once because
Redis is away must look at ``live``.
"""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from channels.layers import get_channel_layer
from django.db import connection
from django.db.migrations.loader import MigrationLoader

logger = logging.getLogger(__name__)

CHECK_SECONDS = 2  # for each part; probes commonly wait for 5
FRESH_SECONDS = 1.0

# Set when this process has been told to end.
stopping = threading.Event()

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(scope, send, 200, b"live\n")


async def ready(scope: Scope, receive: Receive, send: Send) -> None:
    parts = await _parts.known()
    status = 200 if set(parts.values()) == {READY} else 503
    body = json.dumps({"ready": status == 200, "parts": parts}).encode() + b"\n"
    await answer(scope, send, status, body, content_type="application/json")


async def answer(
    scope: Scope, send: Send, status: int, body: bytes, *, content_type: str = "text/plain", **headers: str
) -> None:
    """The whole answer to a GET or HEAD; 405 to anything else. ``headers`` are named with underscores."""
    if scope["method"] not in {"GET", "HEAD"}:
        status, body, headers = 405, b"", {"allow": "GET, HEAD"}
    lines = {"content-type": content_type, "content-length": str(len(body)), "cache-control": "no-store", **headers}
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


READY, NO_ANSWER, NOT_APPLIED, UNKNOWN = "ready", "no answer", "not applied", "unknown"


class Parts:
    """What is ready, checked at most once in ``FRESH_SECONDS`` whoever asks."""

    def __init__(self) -> None:
        self.checked_at = float("-inf")
        self.parts: dict[str, str] = {}
        self.checking: asyncio.Task[dict[str, str]] | None = None

    async def known(self) -> dict[str, str]:
        if stopping.is_set():
            return {"process": "stopping"}
        if time.monotonic() - self.checked_at < FRESH_SECONDS:
            return self.parts
        if self.checking is None or self.checking.done():
            self.checking = asyncio.create_task(self._check())
        return await asyncio.shield(self.checking)

    async def _check(self) -> dict[str, str]:
        (database, migrations), layer = await asyncio.gather(_database(), _layer())
        self.parts = {"database": database, "migrations": migrations, "channel layer": layer}
        self.checked_at = time.monotonic()
        return self.parts


_parts = Parts()
# A thread of its own: those that work may all be waiting for the very database that is asked about.
_thread = ThreadPoolExecutor(1, thread_name_prefix="health")


async def _database() -> tuple[str, str]:
    """Whether it answers, and whether it has every migration."""
    try:
        asked = asyncio.get_running_loop().run_in_executor(_thread, _applied_migrations)
        applied = await asyncio.wait_for(asked, CHECK_SECONDS + 1)
    except (psycopg.Error, TimeoutError) as error:
        logger.warning("The database does not answer: %s", type(error).__name__)
        return NO_ANSWER, UNKNOWN
    missing = _migrations_of_this_code() - applied
    return READY, NOT_APPLIED if missing else READY


def _applied_migrations() -> set[tuple[str, str]]:
    """Past the pool: a full one says that there is much to do, not that the database is gone."""
    _migrations_of_this_code()
    parameters = {**connection.get_connection_params(), "connect_timeout": CHECK_SECONDS}
    parameters["options"] = f"{parameters.get('options', '')} -c statement_timeout={CHECK_SECONDS * 1000}".strip()
    with psycopg.connect(**parameters) as asked:
        try:
            return set(asked.execute("SELECT app, name FROM django_migrations").fetchall())
        except psycopg.errors.UndefinedTable:
            return set()


def _migrations_of_this_code() -> set[tuple[str, str]]:
    global _wanted  # noqa: PLW0603 - read from the disk once
    if _wanted is None:
        _wanted = set(MigrationLoader(None).graph.nodes)
    return _wanted


_wanted: set[tuple[str, str]] | None = None


async def _layer() -> str:
    """A delivery is handed over on the connection that deliveries take, to a group that nobody is in."""
    try:
        await asyncio.wait_for(get_channel_layer().group_send("health", {"type": "health"}), CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 - each layer has errors of its own, and all of them mean this
        logger.warning("The channel layer does not answer: %s", type(error).__name__)
        return NO_ANSWER
    return READY
