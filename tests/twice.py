"""`make test`: runs pytest, and what failed once more, only to tell what is broken from what is flaky.

Both are listed by name at the end, and either fails the run. Arguments are pytest's.
"""

import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

FAILED = 1  # pytest's exit code when tests failed; others mean that it could not run them
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    end_with_parent()
    code = run_pytest("--cache-clear", *arguments)
    if code != FAILED:
        return code
    first = failures()
    print("\nOnce more, what failed:", flush=True)
    code = run_pytest("--last-failed", "--last-failed-no-failures", "none", *arguments)
    second = failures() if code in (0, FAILED) else first
    listed("Failed twice", first & second)
    listed("Failed once and passed again", first - second)
    return FAILED


def run_pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, preexec_fn=end_with_parent).returncode


def end_with_parent() -> None:
    """Who kills `make` wants the tests to end. Linux has a signal for this; elsewhere they go on to their end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def failures() -> set[str]:
    return set(json.loads(LAST_FAILED.read_text())) if LAST_FAILED.exists() else set()


def listed(title: str, names: Iterable[str]) -> None:
    if names:
        print(f"\n{title}:", *sorted(names), sep="\n  ", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
