"""Ids that every log line of one piece of work carries: the request's, and those of its service, chat and agent.

The ids are rows' numbers, never names or addresses of people. Work that a request starts in threads and tasks shares
the request's ids, also those that become known later.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

Ids = dict[str, Any]

_NOBODYS: Mapping[str, Any] = {}
# One dictionary for all tasks and threads of a request: a context is copied, what it refers to is not.
_ids: ContextVar[Ids | None] = ContextVar("log_ids", default=None)


def begin(request_id: str = "") -> Ids:
    """Begins the ids of a request or a socket in this context, and returns them."""
    ids = {"request": request_id or uuid4().hex}
    _ids.set(ids)
    return ids


def go_on_with(ids: Ids) -> None:
    """Makes what runs in this context, and what it starts, a part of the work with these ids."""
    _ids.set(ids)


def about(**ids: int | None) -> None:
    """Adds ids to the work under way. Outside of a request it does nothing: use ``within``."""
    mine = _ids.get()
    if mine is not None:
        mine.update(ids)


@contextlib.contextmanager
def within(**ids: int | str) -> Iterator[None]:
    """Adds ids to the log lines of the block."""
    token = _ids.set({**current(), **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def carried(work: Callable[..., Any]) -> Callable[..., Any]:
    """Returns ``work`` with the ids of now, for a thread that takes work from many."""
    ids = dict(current())

    def with_ids(*args: Any) -> Any:
        with within(**ids):
            return work(*args)

    return with_ids


def current() -> Mapping[str, Any]:
    ids = _ids.get()
    return _NOBODYS if ids is None else ids
