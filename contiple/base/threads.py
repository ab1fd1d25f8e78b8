"""Runs functions in threads: those that use the database from asynchronous code, and work beside a block."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")


def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
    """Runs ``function``, which uses the database, in a thread of the pool instead of the one thread that all share."""
    return database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)


async def each_in_thread(pieces: Generator[R, None, None]) -> AsyncGenerator[R, None]:
    """Asks for each piece in a thread, after the one before was taken. An empty one says that it is still at work.

    If nobody takes them any more, as a client that has left, ``pieces`` is closed once its present step has ended.
    """
    step: asyncio.Future[R | None] | None = None
    try:
        while True:
            step = asyncio.ensure_future(in_thread(next, pieces, None))
            piece = await asyncio.shield(step)
            if piece is None:
                return
            yield piece
    finally:
        if step and not step.done():
            await asyncio.wait([step])
        await in_thread(pieces.close)


@contextlib.contextmanager
def beside(run: Callable[[], None], ended: threading.Event, *, name: str, wait_s: float) -> Iterator[None]:
    """Runs ``run`` in a thread until the block is left. Then sets ``ended`` and waits for the thread, if that is soon.

    ``run`` must return once ``ended`` is set; past ``wait_s`` seconds it ends with the process.
    """
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(wait_s)
