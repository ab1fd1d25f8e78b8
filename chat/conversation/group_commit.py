"""One thread writes what many sockets send at the same moment, in one transaction: messages and receipts.

While it waits for a commit the next messages gather: batches grow with the load, and nobody waits for one to fill.
A chat whose row is locked by somebody else keeps no other chat waiting: its message is appended by itself.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import DatabaseError, OperationalError, connection

from chat.conversation import messages, receipts
from chat.conversation.messages import Sending
from chat.conversation.receipts import Receipt

log = logging.getLogger(__name__)

BATCH_MAX = 256
IDLE_S = 1.0  # then the connection goes back to the pool

Item = Sending | Receipt


def write(item: Item) -> asyncio.Future:
    """Queues the item. The result is its outcome as ``append_together`` or ``note_receipts`` returns it, or an error.

    Locks are not waited for.
    """
    return _writer().put(item)


class _Writer:
    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[tuple[Item, asyncio.Future]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="group commit", daemon=True).start()

    def put(self, item: Item) -> asyncio.Future:
        future = asyncio.get_running_loop().create_future()
        self.queue.put((item, future))
        return future

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            for kind, together in ((Sending, messages.append_together), (Receipt, receipts.note_receipts)):
                if part := [task for task in batch if isinstance(task[0], kind)]:
                    _resolve(part, _write([item for item, _future in part], together))

    def _next_batch(self) -> list[tuple[Item, asyncio.Future]]:
        try:
            batch = [self.queue.get(timeout=IDLE_S)]
        except queue.Empty:
            _close_connection()
            batch = [self.queue.get()]
        with contextlib.suppress(queue.Empty):
            while len(batch) < BATCH_MAX:
                batch.append(self.queue.get_nowait())
        return batch


def _write(items: Sequence[Any], together: Callable) -> list[Any]:
    """Writes a batch and returns the outcomes; never raises.

    If the connection was lost each item is tried again: what had been committed is found, not doubled.
    """
    try:
        return together(items, wait=False)
    except DatabaseError as error:
        log.warning("a batch of %s failed: %s", len(items), type(error).__name__)
    except Exception:
        log.exception("a batch of %s failed", len(items))
    _close_connection()
    outcomes: list[Any] = []
    for item in items:
        # An item that the database refuses harms no other. If the database is away, all are told at once.
        away = next((found for found in outcomes if isinstance(found, OperationalError)), None)
        outcomes.append(away or _write_alone(item, together))
    return outcomes


def _write_alone(item: Any, together: Callable) -> Any:
    try:
        return together([item], wait=False)[0]
    except Exception as error:  # noqa: BLE001 - its sender is told
        _close_connection()
        return error


def _close_connection() -> None:
    """Closes the thread's connection. An error here must not end the only thread that writes."""
    try:
        connection.close()
    except Exception:
        log.exception("a connection could not be closed")


def _resolve(batch: Sequence[tuple[Item, asyncio.Future]], outcomes: Sequence[Any]) -> None:
    """Hands over the outcomes, in one call for each event loop; only tests have more than one."""
    loops: dict[asyncio.AbstractEventLoop, list] = {}
    for (_item, future), outcome in zip(batch, outcomes, strict=True):
        loops.setdefault(future.get_loop(), []).append((future, outcome))
    for loop, resolved in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop has ended, so nobody waits
            loop.call_soon_threadsafe(_set_results, resolved)


def _set_results(resolved: Sequence[tuple[asyncio.Future, object]]) -> None:
    for future, outcome in resolved:
        if not future.done():  # its socket may be closed
            future.set_result(outcome)


_the_writer: _Writer | None = None
_lock = threading.Lock()


def _writer() -> _Writer:
    global _the_writer  # noqa: PLW0603 - one for the process
    if _the_writer is None:
        with _lock:
            _the_writer = _the_writer or _Writer()
    return _the_writer
