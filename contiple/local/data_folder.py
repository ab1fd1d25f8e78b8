"""A data folder belongs to one `manage.py run` or `cluster` at a time: two would serve the same chats unheard."""

import fcntl
import os
from pathlib import Path

from contiple.base.env import EnvError

# Open until this process ends: the kernel then gives the lock back, however it ends.
_locks: list[int] = []


def take(folder: Path) -> None:
    """Makes the folder this process's own until it ends. Raises ``EnvError`` if another process has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EnvError(f"The data folder {folder} can't be written: {error.strerror}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise EnvError(
            f"Contiple runs already on the data folder {folder}: stop it, or choose another folder with CONTIPLE_DATA."
        ) from None
    _locks.append(lock)
