"""One process of a cluster: started, asked, stopped, killed, paused and started again on the same port."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contiple.base import env
from contiple.base.env import EnvError

HOST = "127.0.0.1"
START_SECONDS = 60  # on a busy machine, with every process of a cluster starting at once
STOP_SECONDS = 20  # a little more than a web process takes at the longest (`server.END_SECONDS`)
LOOK_SECONDS = 0.05


@dataclass
class Process:
    """May be started again after it has ended, however it ended. Its output is appended to ``log_file``."""

    name: str
    command: list[str]
    variables: Mapping[str, str]
    log_file: Path
    port: int | None = None
    health: str = ""  # the path that answers 200 when the process is ready
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self) -> None:
        """Returns when the process is ready. Raises ``EnvError`` if it ends before or takes too long."""
        self.begin()
        self.wait_until_ready()

    def begin(self) -> None:
        """Starts the process without waiting for it."""
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
        """Sends a GET past the front to this process. Returns status and body, ``(0, "")`` without an answer."""
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
        """Ends the process gracefully and returns its exit code. After ``seconds`` the process is killed."""
        self.ask_to_end()
        return self.wait_for_end(seconds)

    def wait_for_end(self, seconds: float) -> int:
        if self.running is None:
            return 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.running.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        """Kills the process (`kill -9`) and all that it has started. Returns its exit code, which is negative."""
        if self.running is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.running.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """The process answers nothing and keeps its connections, like one on a machine that hangs."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _ends_with_this_process() -> list[str]:
    """The words before a command that end it when this process is killed, on systems that have ``setpriv``.

    The kernel acts on the death of the thread that started the process, so only the main thread uses this.
    """
    program = shutil.which("setpriv")
    if program is None or threading.current_thread() is not threading.main_thread():
        return []
    return [program, "--pdeathsig", "TERM", "--"]
