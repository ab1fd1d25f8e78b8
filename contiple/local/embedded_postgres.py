"""PostgreSQL for one machine, out of a Python package: there is no server to install or to set up.

Guaranteed:

- After ``start`` the server answers and has the database, whatever was left behind: nothing at all, a clean stop, a
  ``kill -9``, a reboot. If a server already runs on the folder, that one is used.
- After ``keep_running`` a server that dies is started again, at the same address, within seconds.
- Processes that share a data folder share the server, and the last one to leave stops it (``postgres_users``).
- It listens only on a Unix socket that its owner (and root) can reach, and logs no statement and no row.
- A terminal's Ctrl-C reaches this process, not PostgreSQL, which is in a session of its own.

Only the package's programs are used (``postgres_programs``), not its start-up: that fails on a path with spaces, takes
a stale ``postmaster.pid`` for a running server if another process has that number by now, opens every folder above the
data for reading, and locks a file in ``/tmp`` that root and a user can't share.
"""

import atexit
import contextlib
import locale
import logging
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from contiple.base.env import EnvError
from contiple.local import postgres_programs, postgres_users
from contiple.local.postgres_programs import MAJOR_VERSION

DATABASE = "contiple"
SUPERUSER = "postgres"
PORT = 5432  # names the socket file only: nothing listens on a network port
SOCKET_PATH_MAX_BYTES = 103  # `sun_path` holds 108 bytes on Linux and 104 elsewhere, one of them for the end
START_TIMEOUT_SECONDS = 60  # after a crash the server replays its log first
STOP_TIMEOUT_SECONDS = 30
LOOK_SECONDS = 0.5

logger = logging.getLogger(__name__)

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    # A web process has a pool of 20, a worker and a shell one each: this is enough for several at once.
    "max_connections": "200",
    "idle_in_transaction_session_timeout": "10s",
    # Otherwise a failing statement is logged with its text and its DETAIL with the row: both hold messages.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def start(data_folder: Path, *, settings: Mapping[str, str] | None = None) -> str:
    """Starts the server on ``data_folder``, or joins the one that runs. Returns the URL of the database in it.

    ``settings`` are added to ``SETTINGS``; they apply if this call starts the server. The server is stopped when the
    last process that called this ends, or calls ``stop``. Raises ``EnvError``, in one line.
    """
    paths = _Paths(data_folder.resolve())
    with _one_line_errors(paths), postgres_users.signals_wait():
        paths.folder.mkdir(parents=True, exist_ok=True)
        with postgres_users.alone(paths.folder):
            if postgres_users.join(paths.folder):
                atexit.register(stop, paths.folder)
            postgres_programs.open_the_way(paths.files)
            _make_if_new(paths)
            _run_unless_running(paths, {**SETTINGS, **(settings or {})})
            _make_database(paths)
    return _url(paths, DATABASE)


def keep_running(data_folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
    """Starts the server again whenever it dies, until ``stop``. Call it after ``start``; it works in a thread."""
    paths = _Paths(data_folder.resolve())
    chosen = {**SETTINGS, **(settings or {})}
    sockets = _socket_folder_in_use(paths)  # clients look there
    threading.Thread(target=_watch, args=[paths, chosen, sockets], name="embedded PostgreSQL", daemon=True).start()


def stop(data_folder: Path) -> None:
    """Leaves the server, and stops it if no other process uses it. Does nothing if ``start`` was never called."""
    paths = _Paths(data_folder.resolve())
    with postgres_users.leaving(paths.folder) as is_last:
        if is_last:
            _halt(paths)


@dataclass(frozen=True)
class _Paths:
    """The parts of one server, below its data folder."""

    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / "postgres"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def pid_file(self) -> Path:
        return self.files / "postmaster.pid"


def _watch(paths: _Paths, settings: Mapping[str, str], sockets: Path) -> None:
    while postgres_users.has_joined(paths.folder):
        if _postmaster(paths) is None:
            try:
                _revive(paths, settings, sockets)
            except Exception as error:  # noqa: BLE001 - its old processes may not have ended yet
                logger.warning("The embedded PostgreSQL does not start again yet: %s", type(error).__name__)
        time.sleep(LOOK_SECONDS)


def _revive(paths: _Paths, settings: Mapping[str, str], sockets: Path) -> None:
    """Another process may be quicker, or this one may have left meanwhile."""
    with postgres_users.alone(paths.folder):
        if postgres_users.has_joined(paths.folder) and _postmaster(paths) is None:
            logger.error("The embedded PostgreSQL has died; it is started again.")
            _run_unless_running(paths, settings, sockets)


@contextlib.contextmanager
def _one_line_errors(paths: _Paths) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvError(f"The data folder {paths.folder} can't be written: {reason}.") from None
    except subprocess.SubprocessError:
        raise EnvError(f"The embedded PostgreSQL does not start; {paths.log} says why.") from None
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise EnvError(f"The embedded PostgreSQL does not answer: {reason}") from None


def _make_if_new(paths: _Paths) -> None:
    """Makes the files under another name and renames them when complete: half-made ones are never used."""
    if paths.files.exists():
        _check_version(paths)
        return
    draft = paths.folder / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    postgres_programs.give_to_ordinary_user(draft)
    options = ["-D", str(draft), "-U", SUPERUSER, "--auth=trust", "--encoding=utf8", *_locale()]
    postgres_programs.run("initdb", *options, files=draft, log=paths.log)
    draft.rename(paths.files)


def _check_version(paths: _Paths) -> None:
    version = (paths.files / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        raise EnvError(f"{paths.files} was written by PostgreSQL {version}, not {MAJOR_VERSION}.")


def _locale() -> list[str]:
    """The same on every machine, whatever its language: sorting by code point, letters and case by Unicode."""
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={_unicode_ctype()}"]


def _unicode_ctype() -> str:
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, current)
    return "C.UTF-8"


def _run_unless_running(paths: _Paths, settings: Mapping[str, str], sockets: Path | None = None) -> None:
    if _postmaster(paths) is None:
        sockets = sockets or _socket_folder(paths)
        _forget_stale_pid(paths)
        paths.log.unlink(missing_ok=True)
        paths.log.touch(mode=0o600)
        postgres_programs.give_to_owner(paths.log, files=paths.files)
        options = shlex.join([*_as_options(settings), "-k", str(sockets)])
        _pg_ctl(paths, "start", "-o", options, "-t", str(START_TIMEOUT_SECONDS))


def _postmaster(paths: _Paths) -> psutil.Process | None:
    """Returns the running server of this folder. After a reboot any process may have the number in the file."""
    try:
        process = psutil.Process(int(paths.pid_file.read_text().split("\n", 1)[0]))
        ours = process.name() == "postgres" and Path(process.cwd()) == paths.files
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process if ours else None


def _forget_stale_pid(paths: _Paths) -> None:
    """Removes the file if its number belongs to a dead process or another program: PostgreSQL would refuse to start.

    For a living ``postgres`` it is left to PostgreSQL: removing the file of a running server could ruin the data.
    """
    with contextlib.suppress(FileNotFoundError, ValueError, psutil.Error):
        process = psutil.Process(int(paths.pid_file.read_text().split("\n", 1)[0]))
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            paths.pid_file.unlink()


def _as_options(settings: Mapping[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        yield from ("-c", f"{name}={value}")


def _socket_folder(paths: _Paths) -> Path:
    """The data folder; a short private one if the path is too long for a socket or holds a separator of lists."""
    path = str(paths.files / f".s.PGSQL.{PORT}")
    if len(path.encode()) <= SOCKET_PATH_MAX_BYTES and not set(path) & set(',"'):
        return paths.files
    folder = Path(tempfile.mkdtemp(prefix="contiple-", dir="/tmp"))
    owner = paths.files.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    return folder


def _socket_folder_in_use(paths: _Paths) -> Path:
    return Path(paths.pid_file.read_text().splitlines()[4])


def _make_database(paths: _Paths) -> None:
    with _connect(paths) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _connect(paths: _Paths) -> psycopg.Connection[Any]:
    """Tries until the time is up: a server that was joined may still be starting."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            return psycopg.connect(_url(paths, "postgres"), autocommit=True, connect_timeout=5)
        except (psycopg.OperationalError, IndexError):  # IndexError: its pid file is not complete yet
            if time.monotonic() > deadline or _postmaster(paths) is None:
                raise
            time.sleep(0.1)


def _url(paths: _Paths, database: str) -> str:
    folder = quote(str(_socket_folder_in_use(paths)), safe="")
    return f"postgresql://{SUPERUSER}@:{PORT}/{database}?host={folder}"


def _halt(paths: _Paths) -> None:
    if _postmaster(paths) is None:
        return
    sockets = _socket_folder_in_use(paths)
    try:
        _pg_ctl(paths, "stop", "-m", "fast", "-t", str(STOP_TIMEOUT_SECONDS))
    except subprocess.SubprocessError:
        _pg_ctl(paths, "stop", "-m", "immediate")
    if sockets != paths.files:
        shutil.rmtree(sockets, ignore_errors=True)


def _pg_ctl(paths: _Paths, verb: str, *options: str) -> None:
    # Not by `-D` and `-l`: `pg_ctl` puts both into a command line of a shell, where a path may hold anything.
    arguments = [verb, "-w", "-s", *options]
    postgres_programs.run("pg_ctl", *arguments, files=paths.files, log=paths.log)
