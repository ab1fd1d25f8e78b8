"""One thread writes what many sockets send at the same moment, in one transaction: messages and receipts.

While it waits for a commit the next messages gather: batches grow with the load, and nobody waits for one to fill.
A chat whose row is locked by somebody else keeps no other chat waiting: its message is appended by itself.

The thread gives up a connection that does not answer within ``ANSWER_S``. If it is stuck elsewhere for ``STUCK_S``
another one takes over, and what was under way is answered with ``OperationalError``. It may be committed all the same,
by then or later: clients send again with the same ``client_id``, which is stored once.
"""

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, OperationalError, connection

from chat.conversation import messages, receipts
from chat.conversation.messages import Sending
from chat.conversation.receipts import Receipt
from contiple.base import deadlines

log = logging.getLogger(__name__)

BATCH_MAX = 256
IDLE_S = 1.0  # then the connection goes back to the pool
ANSWER_S = 4.0
STUCK_S = 12.0  # more than a connection that is lost, its replacement and a batch that is tried once more may take
LOOK_S = 1.0


@dataclass(frozen=True)
class Probe:
    """Asks whether messages can be committed, by reading in their thread which migrations the database has."""


Item = Sending | Receipt | Probe
Task = tuple[Item, asyncio.Future]


def write(item: Item) -> asyncio.Future:
    """Queues the item. The result is its outcome as ``append_together`` or ``note_receipts`` returns it, or an error.

    Locks are not waited for.
    """
    return _writer().put(item)


class _Writer:
    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self.hand: _Hand = _Hand(self.queue)
        threading.Thread(target=self._watch, name="group commit watch", daemon=True).start()

    def put(self, item: Item) -> asyncio.Future:
        future = asyncio.get_running_loop().create_future()
        self.queue.put((item, future))
        return future

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            if self.hand.is_stuck():
                log.error("a batch does not end: another thread takes over")
                stuck, self.hand = self.hand, _Hand(self.queue)
                stuck.abandon()


class _Hand:
    """The thread that writes, until it is abandoned."""

    def __init__(self, tasks: "queue.SimpleQueue[Task]") -> None:
        self.queue = tasks
        self.batch: list[Task] = []
        self.began = float("inf")
        self.is_abandoned = False
        threading.Thread(target=self._run, name="group commit", daemon=True).start()

    def is_stuck(self) -> bool:
        return time.monotonic() - self.began > STUCK_S

    def abandon(self) -> None:
        self.is_abandoned = True
        batch = self.batch
        _resolve(batch, [OperationalError("given up")] * len(batch))

    def _run(self) -> None:
        with deadlines.answer_within(ANSWER_S):
            while not self.is_abandoned:
                self.batch = self._next_batch()
                self.began = time.monotonic()
                for kind, together in _KINDS:
                    if part := [task for task in self.batch if isinstance(task[0], kind)]:
                        _resolve(part, _write([item for item, _future in part], together))
                self.began = float("inf")
        _close_connection()

    def _next_batch(self) -> list[Task]:
        try:
            batch = [self.queue.get(timeout=IDLE_S)]
        except queue.Empty:
            _close_connection()
            batch = [self.queue.get()]
        with contextlib.suppress(queue.Empty):
            while len(batch) < BATCH_MAX:
                batch.append(self.queue.get_nowait())
        return batch


def _answer_probes(probes: Sequence[Probe], *, wait: bool) -> list[set[tuple[str, str]]]:
    """Returns for each the migrations that the database has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        [is_there] = cursor.fetchone() or [False]
        if is_there:
            cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall()) if is_there else set()
    return [applied] * len(probes)


# ``messages.append_together`` is looked up at each call.
_KINDS: list[tuple[type, Callable]] = [
    (Sending, lambda items, *, wait: messages.append_together(items, wait=wait)),
    (Receipt, lambda items, *, wait: receipts.note_receipts(items, wait=wait)),
    (Probe, _answer_probes),
]


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


def _resolve(batch: Sequence[Task], outcomes: Sequence[Any]) -> None:
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
