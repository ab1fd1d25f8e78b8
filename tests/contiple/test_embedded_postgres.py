"""The embedded PostgreSQL: found again, shared, stopped by the last, whatever was left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings

from contiple.base.env import EnvError
from contiple.local import embedded_postgres, postgres_users

# Starts it, says where it is, and stays until a line comes in.
USER = "import sys, pathlib; from contiple.local import embedded_postgres as e; print(e.start(pathlib.Path(sys.argv[1])), flush=True); sys.stdin.readline()"  # noqa: E501


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "da ta"
    embedded_postgres.stop(tmp_path / "da ta")


@pytest.fixture
def join() -> Iterator[Callable[[Path], subprocess.Popen]]:
    """Another process that uses the same data folder."""
    processes = []

    def start(folder: Path) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder)],
            cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout.readline().startswith("postgresql://")
        return process

    yield start
    for process in processes:
        leave(process)


def leave(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.communicate("\n", timeout=40)


def postmaster(folder: Path) -> psutil.Process | None:
    file = folder / "postgres" / "postmaster.pid"
    return psutil.Process(int(file.read_text().split()[0])) if file.exists() else None


def test_it_answers_and_finds_its_data_again(folder):
    with psycopg.connect(embedded_postgres.start(folder)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT '한글' AS text")
    embedded_postgres.stop(folder)
    assert postmaster(folder) is None
    with psycopg.connect(embedded_postgres.start(folder)) as connection:
        assert connection.execute("SELECT text FROM kept").fetchone() == ("한글",)


def test_the_last_to_leave_stops_it(folder, join):
    first, second = join(folder), join(folder)
    leave(first)
    assert postmaster(folder).is_running()
    leave(second)
    assert postmaster(folder) is None


def test_after_a_kill_the_next_one_takes_over_and_stops_it(folder, join):
    first = join(folder)
    first.kill()
    first.wait()
    assert postmaster(folder).is_running()
    leave(join(folder))
    assert postmaster(folder) is None


def test_a_pid_file_that_names_somebody_else_is_stale(folder):
    embedded_postgres.start(folder)
    embedded_postgres.stop(folder)
    stale = f"{os.getpid()}\n{folder}/postgres\n1\n5432\n{folder}/postgres\n\n1 1\nready\n"
    (folder / "postgres" / "postmaster.pid").write_text(stale)
    with psycopg.connect(embedded_postgres.start(folder)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_half_made_cluster_is_made_anew(folder):
    (folder / "postgres.new").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18")
    psycopg.connect(embedded_postgres.start(folder)).close()


def test_a_path_too_long_for_a_socket(folder):
    deep = folder / ("d" * 100)
    try:
        with psycopg.connect(embedded_postgres.start(deep)) as connection:
            sockets = Path(connection.info.host)
        assert sockets.exists()
    finally:
        embedded_postgres.stop(deep)
    assert not sockets.exists()


def test_korean_words_are_words(folder):
    with psycopg.connect(embedded_postgres.start(folder)) as connection:
        vector = connection.execute("SELECT to_tsvector('simple', '환불 요청')::text, lower('ÄÖ')").fetchone()
    assert vector == ("'요청':2 '환불':1", "äö")


def test_its_log_holds_no_row(folder):
    with psycopg.connect(embedded_postgres.start(folder)) as connection:
        connection.execute("CREATE TABLE short (text varchar(60) CHECK (text = 'x'))")
        with pytest.raises(psycopg.IntegrityError):
            connection.execute("INSERT INTO short VALUES ('my card is 4111')")
    assert "4111" not in (folder / "postgres.log").read_text()


@pytest.fixture
def interruptible():
    """A process that was started in the background ignores SIGINT from its start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_it_starts_counts_afterwards(folder, interruptible):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), postgres_users.signals_wait():  # noqa: PT012 - what follows counts
        signal.raise_signal(signal.SIGINT)
        after = True
    assert after
    assert signal.getsignal(signal.SIGINT) == before


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EnvError, match=r"^The data folder \S+ can't be written: Not a directory\.$"):
        embedded_postgres.start(tmp_path / "file" / "data")


def test_data_of_another_version_is_left_alone(folder):
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("16")
    with pytest.raises(EnvError, match="written by PostgreSQL 16"):
        embedded_postgres.start(folder)
