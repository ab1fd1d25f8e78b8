"""`manage.py run`, `serve` and `worker` as a person starts and stops them."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from contiple.base import env
from tests.faults.people import wait_until
from tests.services import free_port, wait_for_port

NOWHERE = "postgresql://nobody:secret-password@127.0.0.1:1/none"


@pytest.fixture
def manage(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a command in local mode with a data folder of its own; ``variables`` come on top."""
    processes: list[subprocess.Popen] = []

    def start(*command: str, **variables: str) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if name not in {*env.VARIABLES, "PGOPTIONS"}}
        environment |= {"CONTIPLE_MODE": "local", "CONTIPLE_DATA": str(tmp_path / "da ta"), **variables}
        process = subprocess.Popen(
            [sys.executable, "-u", "manage.py", *command],
            cwd=settings.BASE_DIR, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=listen_to_ctrl_c,  # noqa: PLW1509 - no thread runs yet
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        end(process)


def listen_to_ctrl_c() -> None:
    """A test run in the background of a shell ignores Ctrl-C, and would hand that down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=40)


def wait_until_it_serves(process: subprocess.Popen, port: int) -> None:
    try:
        wait_for_port(port, process, seconds=60)
    except AssertionError:
        pytest.fail(process.communicate()[1])


def welcome(process: subprocess.Popen) -> str:
    """Returns all that a start says, up to its last line: it asks the database after it serves, before it says so."""
    said = ""
    while "Ctrl-C stops it" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def refused(process: subprocess.Popen) -> str:
    """The one line that a start which can't go on leaves."""
    _, error = process.communicate(timeout=60)
    assert process.returncode not in {0, None}
    assert len(error.splitlines()) == 1, error
    return error.strip()


@pytest.mark.parametrize("command", ["run", "serve"])
def test_a_taken_port(manage, command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refused(manage(command, PORT=str(port)))
    assert line == f"Port {port} is taken by another program: stop that, or choose another with PORT=8001."


def test_a_taken_port_is_noticed_before_anything_slow(manage, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused(manage("run", PORT=str(other.getsockname()[1])))
    assert not (tmp_path / "da ta").exists()


@pytest.mark.parametrize("command", ["run", "serve", "worker"])
def test_an_unreachable_database(manage, command):
    line = refused(manage(command, DATABASE_URL=NOWHERE, PORT=str(free_port())))
    assert line.startswith("The database 127.0.0.1:1/none can't be reached: ")
    assert "refused" in line
    assert "secret-password" not in line


def test_a_data_folder_that_cannot_be_written(manage, tmp_path):
    (tmp_path / "file").touch()
    line = refused(manage("run", CONTIPLE_DATA=str(tmp_path / "file" / "data"), PORT=str(free_port())))
    assert line == f"The data folder {tmp_path}/file/data can't be written: Not a directory."


def test_a_missing_setting(manage):
    assert "is not set" in refused(manage("serve", CONTIPLE_MODE="production"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_starts_says_where_to_go_and_stops(manage, tmp_path, number):
    port = free_port()
    process = manage("run", PORT=str(port))
    wait_until_it_serves(process, port)
    said = welcome(process)
    assert urllib.request.urlopen(f"http://localhost:{port}/hc/demo/").status == 200
    os.killpg(process.pid, number)
    _, complained = process.communicate(timeout=20)
    assert process.returncode in {0, 128 + number}
    assert "Traceback" not in complained
    assert f"http://localhost:{port}/hc/demo/" in said
    assert not (tmp_path / "da ta" / "postgres" / "postmaster.pid").exists()


def test_a_second_run_on_the_same_folder_is_refused_until_the_first_ends(manage, tmp_path):
    port = free_port()
    first = manage("run", PORT=str(port))
    wait_until_it_serves(first, port)
    line = refused(manage("cluster", PORT=str(free_port())))
    assert line == (
        f"Contiple runs already on the data folder {tmp_path / 'da ta'}: stop it, or choose another folder with"
        " CONTIPLE_DATA."
    )
    first.kill()  # the lock goes with it
    first.wait()
    port = free_port()
    wait_until_it_serves(manage("run", PORT=str(port)), port)


def test_an_embedded_server_that_is_killed_is_started_again(manage, tmp_path):
    port = free_port()
    process = manage("run", PORT=str(port), LOG_LEVEL="CRITICAL")  # nobody reads the pipe meanwhile
    wait_until_it_serves(process, port)
    assert welcome(process).startswith("The database is empty: loading the demo service.\n")
    pid_file = tmp_path / "da ta" / "postgres" / "postmaster.pid"
    postmaster = int(pid_file.read_text().split()[0])
    family = [psutil.Process(postmaster), *psutil.Process(postmaster).children(recursive=True)]
    for member in family:
        member.kill()
    wait_until(
        lambda: pid_file.exists() and int(pid_file.read_text().split()[0]) != postmaster,
        15,
        otherwise=(tmp_path / "da ta" / "postgres.log").read_text,
    )
    wait_until(lambda: status(port, "/hc/demo/") == 200 and status(port, "/health/ready") == 200, 15)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert not pid_file.exists(), "a clean stop is not taken for a death"


def status(port: int, path: str) -> int:
    try:
        return urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["demo"], ["rotate_masking_keys"]])
def test_a_database_that_nobody_migrated(manage, command):
    line = refused(manage(*command, PORT=str(free_port())))
    assert line.startswith("The database does not have this release's tables: run `.venv/bin/python manage.py migrate`")


def test_a_data_folder_with_any_name(manage, tmp_path):
    odd = tmp_path / "a\"b $HOME `id` 한글 'c\\d"
    process = manage("migrate", "--verbosity=0", CONTIPLE_DATA=str(odd))
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


def test_a_second_run_finds_its_data(manage, tmp_path):
    for _ in range(2):
        port = free_port()
        process = manage("run", PORT=str(port))
        wait_until_it_serves(process, port)
        said = welcome(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert "loading the demo service" not in said


def test_without_a_service_it_says_once_how_to_make_one_on_these_data(manage, tmp_path):
    port = free_port()
    process = manage("run", PORT=str(port), DEMO="0")
    wait_until_it_serves(process, port)
    said = welcome(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)
    assert said.count("There is no service yet.") == 1
    assert f"CONTIPLE_MODE=local CONTIPLE_DATA='{tmp_path}/da ta' PORT={port} .venv/bin/python manage.py" in said
