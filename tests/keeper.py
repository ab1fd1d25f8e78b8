"""Leaves nothing behind of a test run that was killed: no PostgreSQL, Redis, server or browser, and no data.

``watch`` starts a process that waits until the run is gone, however it ended. It then kills the processes that have the
run's folder in their environment, which they got from the run, and deletes the folder. After a run that ended by itself
it finds nothing to do.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

VARIABLE = "TEST_RUN_FOLDER"
ROUNDS = 3


def watch(folder: Path) -> subprocess.Popen:
    """Marks all that this process starts from now on. The kernel closes the pipe to the keeper when it ends."""
    os.environ[VARIABLE] = str(folder)
    command = [sys.executable, "-m", "tests.keeper", str(folder)]
    return subprocess.Popen(
        command, cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def clear(folder: str) -> None:
    """Kills several times, because those that are found first may have started others meanwhile."""
    for _ in range(ROUNDS):
        found = list(processes(folder))
        for process in found:
            kill(process)
        psutil.wait_procs(found, timeout=5)
    shutil.rmtree(folder, ignore_errors=True)


def processes(folder: str) -> Iterator[psutil.Process]:
    """The running processes of this test run, without the keeper."""
    for process in psutil.process_iter():
        try:
            marked = process.pid != os.getpid() and process.environ().get(VARIABLE) == folder
            if marked and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


def kill(process: psutil.Process) -> None:
    """PostgreSQL frees its shared memory when it is told to quit at once."""
    try:
        if process.name() == "postgres":
            process.send_signal(signal.SIGQUIT)
        else:
            process.kill()
    except psutil.Error:
        return


if __name__ == "__main__":
    sys.stdin.buffer.read()
    clear(sys.argv[1])
