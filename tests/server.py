"""A real server for tests: `manage.py serve` in a process of its own, on the test database."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.services import free_port, wait_for_port

START_SECONDS = 30
STOP_SECONDS = 15


@dataclass(frozen=True)
class Server:
    """A running server: where browsers find it, and what it said so far."""

    origin: str
    process: subprocess.Popen
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")


@contextlib.contextmanager
def running(log_file: Path, *options: str, **environment: str) -> Iterator[Server]:
    """A server with these options of `serve` and these variables beside the test run's own; ended on leaving."""
    port = free_port()
    origin = f"http://localhost:{port}"
    variables = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "PORT": str(port),
        "PUBLIC_ORIGIN": origin,
        **environment,
    }
    variables.pop("PGOPTIONS", None)
    with log_file.open("w") as log:
        command = [sys.executable, "-u", "manage.py", "serve", "--port", str(port), *options]
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until_it_listens(process, port, log_file)
        yield Server(origin, process, log_file)
    finally:
        end(process)


def database_url() -> str:
    """Of the test database this process works in, which is not the one its own DATABASE_URL names."""
    its = connection.settings_dict
    name = f"{quote(its['USER'])}:{quote(its['PASSWORD'])}@:{its['PORT'] or 5432}/{its['NAME']}"
    return f"postgresql://{name}?host={quote(its['HOST'] or 'localhost', safe='')}"


def wait_until_it_listens(process: subprocess.Popen, port: int, log_file: Path) -> None:
    try:
        wait_for_port(port, process, START_SECONDS)
    except (AssertionError, TimeoutError) as error:
        raise AssertionError(f"{error}; it said:\n{log_file.read_text()}") from None


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
