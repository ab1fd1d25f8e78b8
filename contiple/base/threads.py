"""Runs functions that use the database from asynchronous code."""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")


def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
    """Runs ``function``, which uses the database, in a thread of the pool instead of the one thread that all share."""
    return database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)
