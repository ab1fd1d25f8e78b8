"""The processes that share one data folder, and with it one embedded server.

Each holds a shared lock on a file while it uses the server. The kernel releases the lock however the process ends, so a
process that was killed is not counted. The last user can get the lock exclusively: that is how it knows to stop the
server. A second lock lets one process at a time start, join or stop it.
"""

import contextlib
import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

# The open lock of each data folder that this process uses.
_locks: dict[Path, int] = {}


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lets one process at a time start, join or stop the server of ``folder``."""
    with (folder / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def signals_wait() -> Iterator[None]:
    """Delays Ctrl-C and the like until the end: an interrupted start would leave a server that nobody stops."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def join(folder: Path) -> bool:
    """Counts this process as a user, and returns whether it was none before. Call it within ``alone``."""
    if folder in _locks:
        return False
    lock = os.open(folder / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    _locks[folder] = lock
    return True


def has_joined(folder: Path) -> bool:
    """Returns whether this process is a user."""
    return folder in _locks


@contextlib.contextmanager
def leaving(folder: Path) -> Iterator[bool]:
    """Counts this process as a user no longer. Yields whether it was the last one; nobody can join until the end."""
    lock = _locks.pop(folder, None)
    if lock is None or not folder.exists():
        yield False
        return
    with signals_wait(), alone(folder), os.fdopen(lock):
        yield _is_last(lock)


def _is_last(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
