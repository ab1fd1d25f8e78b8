"""One thread that appends what many sockets send at the same moment, in one transaction.

While it waits for a commit the next messages gather, so batches grow with the load and nobody waits for one to fill.
A chat whose row somebody else has locked keeps no other chat waiting: its message is appended by itself.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Sequence

from django.db import DatabaseError, connection

from chat import messages
from chat.messages import Sending, Sent

log = logging.getLogger(__name__)

BATCH_MAX = 256
IDLE_S = 1.0  # then the connection goes back to the pool

Task = tuple[Sending, asyncio.Future]


def append(sending: Sending) -> "asyncio.Future[Sent | Exception | None]":
    """What ``messages.append_together`` says of it without waiting for a lock, or its ``DatabaseError``."""
    return _writer().put(sending)


class _Writer:
    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[Task] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="group commit", daemon=True).start()

    def put(self, sending: Sending) -> asyncio.Future:
        future = asyncio.get_running_loop().create_future()
        self.queue.put((sending, future))
        return future

    def _run(self) -> None:
        while True:
            try:
                batch = [self.queue.get(timeout=IDLE_S)]
            except queue.Empty:
                connection.close()
                batch = [self.queue.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH_MAX:
                    batch.append(self.queue.get_nowait())
            _resolve(batch, _append([sending for sending, _future in batch]))


def _append(sendings: Sequence[Sending]) -> list[Sent | Exception | None]:
    """Never raises. What a lost connection has cut off is tried again: what it had committed is found, not doubled."""
    try:
        return messages.append_together(sendings, wait=False)
    except DatabaseError as error:
        log.warning("a batch of %s failed: %s", len(sendings), type(error).__name__)
    except Exception:
        log.exception("a batch of %s failed", len(sendings))
    connection.close()
    return [_append_alone(sending) for sending in sendings]


def _append_alone(sending: Sending) -> Sent | Exception | None:
    """One that the database refuses takes no other with it."""
    try:
        return messages.append_together([sending], wait=False)[0]
    except Exception as error:  # noqa: BLE001 - its sender is told
        connection.close()
        return error


def _resolve(batch: Sequence[Task], outcomes: Sequence[Sent | Exception | None]) -> None:
    """One call for each event loop, of which there is one but in tests."""
    loops: dict[asyncio.AbstractEventLoop, list] = {}
    for (_sending, future), outcome in zip(batch, outcomes, strict=True):
        loops.setdefault(future.get_loop(), []).append((future, outcome))
    for loop, resolved in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            loop.call_soon_threadsafe(_set_results, resolved)


def _set_results(resolved: Sequence[tuple[asyncio.Future, object]]) -> None:
    for future, outcome in resolved:
        if not future.done():  # its socket may have gone
            future.set_result(outcome)


_the_writer: _Writer | None = None
_lock = threading.Lock()


def _writer() -> _Writer:
    global _the_writer  # noqa: PLW0603 - one for the process
    if _the_writer is None:
        with _lock:
            _the_writer = _the_writer or _Writer()
    return _the_writer
