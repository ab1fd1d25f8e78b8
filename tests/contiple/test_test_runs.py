"""A test run that is killed leaves nothing behind, and one that needed two tries fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from tests import keeper, twice

RUN = """
import os, subprocess, time
import tests.services
subprocess.Popen(["sleep", "600"])
print(os.environ["TEST_RUN_FOLDER"], flush=True)
time.sleep(600)
"""


@pytest.fixture
def killed_run() -> str:
    """The folder of a run that had PostgreSQL and one more process when it was killed."""
    ours = {"PYTEST_XDIST_WORKER", "TEST_DATABASE_URL", keeper.VARIABLE}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-c", RUN]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True) as run:
        folder = run.stdout.readline().strip()
        names = {process.name() for process in keeper.processes(folder)}
        run.send_signal(signal.SIGKILL)
    assert {"sleep", "postgres"} <= names
    return folder


def test_a_killed_run_leaves_no_process_and_no_data(killed_run: str) -> None:
    wait_until(lambda: not Path(killed_run).exists())
    wait_until(lambda: not list(keeper.processes(killed_run)))  # its keeper is the last to go


@pytest.mark.parametrize(
    ("failures", "said"),
    [
        ([{"a", "b"}, {"b"}], "\nFailed twice:\n  b\n\nFailed once and passed again:\n  a\n"),
        ([{"a"}, {"a"}], "\nFailed twice:\n  a\n"),
        ([{"a"}, set()], "\nFailed once and passed again:\n  a\n"),
    ],
)
def test_what_failed_once_is_named_and_fails_the_run(failures: list[set], said: str, monkeypatch, capsys) -> None:
    codes = iter(twice.FAILED if names else 0 for names in failures)
    names = iter(failures)
    monkeypatch.setattr(twice, "end_with_parent", lambda: None)
    monkeypatch.setattr(twice, "run_pytest", lambda *arguments: next(codes))
    monkeypatch.setattr(twice, "failures", lambda: next(names))
    assert twice.main([]) == twice.FAILED
    assert capsys.readouterr().out.endswith(said)


@pytest.mark.parametrize("code", [0, 2, 4])
def test_what_passes_or_can_t_run_is_run_once(code: int, monkeypatch) -> None:
    codes = iter([code])
    monkeypatch.setattr(twice, "end_with_parent", lambda: None)
    monkeypatch.setattr(twice, "run_pytest", lambda *arguments: next(codes))
    assert twice.main([]) == code


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
