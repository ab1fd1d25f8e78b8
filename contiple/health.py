"""`/health/live` and `/health/ready`: probes of one process. They are answered before Django is asked.

So an answer depends on no session, no redirect to https and no ``Host``: probes call a process by its address. ``live``
says that the event loop runs. ``ready`` says that the process can do its work: the database answers the thread that
commits messages and has every migration of this code, the master keys open what is masked, and the channel layer
answers. The answer names the part that is not ready. The reason goes to the log only, because it holds addresses and
user names. All callers within a second share one check.

A process that is live but not ready still serves what it can: without Redis, messages go through the database. So use
``ready`` to start and replace processes. A proxy must use ``live``: with ``ready`` it would take all processes away at
once when Redis is gone.
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
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader

from chat.conversation import group_commit

logger = logging.getLogger(__name__)

CHECK_SECONDS = 2  # for each part; probes commonly wait for 5
FRESH_SECONDS = 1.0
KEYS_FRESH_SECONDS = 30.0

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


FOR_NO_BROWSER = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


async def answer(
    scope: Scope,
    send: Send,
    status: int,
    body: bytes,
    *,
    content_type: str = "text/plain; charset=utf-8",
    **headers: str,
) -> None:
    """Sends the whole answer to a GET or HEAD, and 405 to other methods. ``headers`` are named with underscores."""
    if scope["method"] not in {"GET", "HEAD"}:
        status, body, headers = 405, b"", {"allow": "GET, HEAD"}
    lines = {"content-type": content_type, "content-length": str(len(body)), **FOR_NO_BROWSER, **headers}
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


READY, NO_ANSWER, NOT_APPLIED, UNKNOWN, MISSING = "ready", "no answer", "not applied", "unknown", "missing"


class Parts:
    """The state of each part, checked at most once in ``FRESH_SECONDS`` however many probes ask."""

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
        (database, migrations), keys, layer = await asyncio.gather(_database(), _masking_keys.state(), _layer())
        self.parts = {"database": database, "migrations": migrations, "masking keys": keys, "channel layer": layer}
        self.checked_at = time.monotonic()
        return self.parts


_parts = Parts()


async def _database() -> tuple[str, str]:
    """Returns the state of the database, as the thread that commits messages finds it, and of its migrations."""
    try:
        applied = await asyncio.wait_for(group_commit.write(group_commit.Probe()), CHECK_SECONDS)
        if isinstance(applied, Exception):
            raise applied
    except (Error, TimeoutError) as error:
        logger.warning("The database does not answer: %s", type(error).__name__)
        return NO_ANSWER, UNKNOWN
    return READY, NOT_APPLIED if _migrations_of_this_code() - applied else READY


def _connected() -> psycopg.Connection[Any]:
    """Does not use the pool: a full pool means that there is much to do, not that the database is gone."""
    parameters = {**connection.get_connection_params(), "connect_timeout": CHECK_SECONDS}
    parameters["options"] = f"{parameters.get('options', '')} -c statement_timeout={CHECK_SECONDS * 1000}".strip()
    return psycopg.connect(**parameters)


def _migrations_of_this_code() -> set[tuple[str, str]]:
    global _wanted  # noqa: PLW0603 - they are read from the disk once
    if _wanted is None:
        _wanted = set(MigrationLoader(None).graph.nodes)
    return _wanted


_wanted: set[tuple[str, str]] | None = None


class MaskingKeys:
    """Whether the master keys open what is masked, read at most once in ``KEYS_FRESH_SECONDS``.

    Reading takes longer the more there is. Until it is done, and if the database does not answer, the last state stays.
    """

    def __init__(self) -> None:
        self.read_at = float("-inf")
        self.known = UNKNOWN

    async def state(self) -> str:
        if time.monotonic() - self.read_at >= KEYS_FRESH_SECONDS:
            self.read_at = time.monotonic()
            reading = asyncio.get_running_loop().run_in_executor(_keys_thread, self._read)
            await asyncio.wait([reading], timeout=CHECK_SECONDS)
        return self.known

    def _read(self) -> None:
        from chat.masking import master_keys

        try:
            with _connected() as asked, asked.cursor() as cursor:
                missing = master_keys.missing(cursor)
        except psycopg.Error:
            self.read_at = float("-inf")
            return
        if missing:
            logger.error("%s", master_keys.complaint(missing))
        self.known = MISSING if missing else READY


_masking_keys = MaskingKeys()
_keys_thread = ThreadPoolExecutor(1, thread_name_prefix="health-keys")


async def _layer() -> str:
    """Sends to a group without members, on the connection that deliveries use."""
    try:
        await asyncio.wait_for(get_channel_layer().group_send("health", {"type": "health"}), CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 - each layer has errors of its own
        logger.warning("The channel layer does not answer: %s", type(error).__name__)
        return NO_ANSWER
    return READY
