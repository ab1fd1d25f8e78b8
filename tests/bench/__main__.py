"""``make bench``: measures the figures of speed on this machine, each against its reference in the same run.

Prints a table and writes ``.bench/results.json``. One core serves, the other one has the clients; a machine that does
other things at the same time disturbs both sides of a ratio, which is why they take turns.
"""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType

import msgspec

from tests.bench import machine
from tests.bench.figures import Figure, table
from tests.bench.pace import FULL, QUICK, Pace

LIMIT_SECONDS = 150  # of one measurement


def main() -> int:
    names = ["messages", "redis", "uvicorn", "leisure", "load", "memory", "assignment", "storm", "pages", "embed"]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures the figures of speed.")
    parser.add_argument("--quick", action="store_true", help="short rounds: two minutes instead of six")
    parser.add_argument("--only", choices=names, action="append", metavar="NAME", help=f"of {', '.join(names)}")
    options = parser.parse_args()
    pace = QUICK if options.quick else FULL
    if machine.SERVER_CORE == machine.CLIENT_CORE:
        pace.notes.append("There is one core only: the clients take from the server, and ratios come out worse.")
    machine.prepare()
    figures, failed = _measure([name for name in names if name in (options.only or names)], pace)
    _report(figures, pace.notes)
    return 1 if failed else 0


def _measure(names: list[str], pace: Pace) -> tuple[list[Figure], bool]:
    measurements, figures, failed = _measurements(), [], False
    signal.signal(signal.SIGALRM, _too_long)
    for name in names:
        began = time.monotonic()
        print(f"{name}…", end=" ", flush=True)
        signal.alarm(LIMIT_SECONDS)
        try:
            figures += _alone(measurements[name], pace)
        except Exception:
            traceback.print_exc()
            pace.notes.append(f"{name}: could not be measured.")
            failed = True
        signal.alarm(0)
        print(f"{time.monotonic() - began:.0f} s")
    return figures, failed


def _measurements() -> dict[str, Callable[[Pace], list[Figure]]]:
    """Imported once Django is set up."""
    from tests.bench import assigning, embed, memory, messages, pages, storm

    return {
        "messages": messages.one_process,
        "redis": messages.over_redis,
        "uvicorn": messages.on_uvicorn,
        "leisure": messages.at_leisure,
        "load": messages.under_load,
        "memory": memory.connections,
        "assignment": assigning.decisions,
        "storm": storm.reconnect,
        "pages": pages.opening,
        "embed": embed.before_intent,
    }


def _alone(measurement: Callable[[Pace], list[Figure]], pace: Pace) -> list[Figure]:
    """With nothing of another measurement in the database."""
    from tests.bench import world

    world.clear()
    return measurement(pace)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"took more than {LIMIT_SECONDS} s")


def _report(figures: list[Figure], notes: list[str]) -> None:
    print(f"\n{table(figures)}")
    for note in notes:
        print(f"  {note}")
    target = machine.OUTPUT / "results.json"
    target.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
    print(f"\nWritten to {target.relative_to(machine.env.BASE_DIR)}.")


if __name__ == "__main__":
    sys.exit(main())
