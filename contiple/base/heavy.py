"""Computes what is heavy, such as the hash of a password, in a few threads that hold no connection to the database.

However many people sign in at once, ``AT_ONCE`` hashes are computed, and who waits for one holds neither a connection
nor a core that messages need. At most ``WAITING_MAX`` wait, and at most ``DEADLINE_SECONDS``; then it is ``Busy``.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from contiple.base.errors import TOO_MUCH, Busy

P = ParamSpec("P")
R = TypeVar("R")

AT_ONCE = max(1, (os.cpu_count() or 1) // 2)  # the other cores are for pages and messages
WAITING_MAX = 60
DEADLINE_SECONDS = 15  # a browser's user has clicked again by then
# The threads give way to all others of this machine: a hash may take longer, a message must not.
NICENESS = 5


class Threads:
    """At most ``at_once`` threads compute, ``waiting_max`` wait, each for ``deadline_s`` at most."""

    def __init__(self, name: str, *, at_once: int, waiting_max: int, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self.threads = ThreadPoolExecutor(at_once, thread_name_prefix=name, initializer=_give_way)
        self.places = threading.BoundedSemaphore(at_once + waiting_max)

    def compute(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Returns what ``function``, which must not use the database, returns in one of the threads.

        This thread's connection to the database goes back to its pool meanwhile. Inside a transaction that can't be,
        so there ``function`` is called at once: call this outside. Raises ``Busy`` if too much waits or it takes too
        long.
        """
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        if not self.places.acquire(blocking=False):
            raise Busy(TOO_MUCH)
        connection.close()
        future = self.threads.submit(function, *args, **kwargs)
        future.add_done_callback(lambda _future: self.places.release())
        try:
            return future.result(self.deadline_s)
        except TimeoutError:
            future.cancel()
            raise Busy(TOO_MUCH) from None


class PooledHasher(PBKDF2PasswordHasher):
    """Django's hasher, whose every use goes through ``compute``: in views, forms, the operator's pages."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        return compute(super().encode, *args, **kwargs)


def _give_way() -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # on Linux it is about one thread


hashing = Threads("heavy", at_once=AT_ONCE, waiting_max=WAITING_MAX, deadline_s=DEADLINE_SECONDS)
compute = hashing.compute
