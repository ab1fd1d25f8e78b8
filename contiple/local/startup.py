"""The start of ``manage.py``, before Django is set up. If it fails, it says why in one line, without a stack trace."""

import atexit
import errno
import os
import signal
import socket
import sys
from types import FrameType
from typing import NoReturn

from contiple.base import deadlines, env
from contiple.local import data_folder

LOCAL_HOST = "127.0.0.1"
INTERRUPTED = 128 + signal.SIGINT
NOT_MIGRATED = "The database does not have this release's tables: run `.venv/bin/python {command} migrate` first."
# They use no database, so they neither wait for a server nor leave one running.
COMMANDS_WITHOUT_DATABASE = {"help", "translations", "version", "--help", "--version"}
# They go on until they are stopped; beside all others somebody sits and waits.
SERVING = {"run", "cluster", "serve", "worker"}


def main(arguments: list[str]) -> None:
    """Runs ``manage.py``. In local mode without a ``DATABASE_URL`` it starts the embedded PostgreSQL first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contiple.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import ProgrammingError
        from psycopg.errors import UndefinedColumn, UndefinedTable

        from contiple import logs
    except ImportError as error:
        _give_up(arguments, f"{error}: run it with .venv/bin/python, which `make run` sets up.")
    logs.catch_what_nobody_catches()
    try:
        _end_tidily_on_signals()
        _prepare(arguments[1:2])
        execute_from_command_line(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (env.EnvError, ImproperlyConfigured) as error:
        _give_up(arguments, str(error))
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
            raise
        _give_up(arguments, NOT_MIGRATED.format(command=" ".join(arguments[:1])))


def _give_up(arguments: list[str], text: str) -> NoReturn:
    """Ends with one line for the operator. A mail server must keep its mail: any code but one returns it for good."""
    print(text, file=sys.stderr)
    sys.exit(os.EX_TEMPFAIL if arguments[1:2] == ["receive_mail"] else 1)


def check_port_is_free(host: str, port: int) -> None:
    """Raises ``EnvError`` if ``host:port`` can't be listened on."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # It does not listen: a program that waits for the port would take that for the server.
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        raise env.EnvError(port_error(host, port, error)) from None


def port_error(host: str, port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program: stop that, or choose another with PORT=8001."
    return f"Can't listen on {host}:{port}: {getattr(error, 'strerror', None) or error}."


def _prepare(command: list[str]) -> None:
    if not SERVING & set(command):
        deadlines.choose(deadlines.PATIENT)
    if not env.local() or set(command) <= COMMANDS_WITHOUT_DATABASE:
        return
    if command == ["run"]:
        check_port_is_free(LOCAL_HOST, env.integer("PORT", 8000))
    if {"run", "cluster"} & set(command):
        data_folder.take(env.data_folder())
    if not env.text("DATABASE_URL", ""):
        _use_embedded_server(stays=bool(SERVING & set(command)))


def _use_embedded_server(*, stays: bool) -> None:
    from contiple.base import pools
    from contiple.local import embedded_postgres

    os.environ["DATABASE_URL"] = embedded_postgres.start(env.data_folder())
    atexit.register(pools.close_all)  # runs before the server is stopped, since it was registered later
    if stays:
        embedded_postgres.keep_running(env.data_folder())


def _end_tidily_on_signals() -> None:
    """Makes SIGTERM and a closed terminal end like ``sys.exit``, so that the exit handlers stop the server."""
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGHUP, _exit)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
