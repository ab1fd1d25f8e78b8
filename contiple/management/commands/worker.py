"""`manage.py worker`: what clocks demand, beside web processes that share a Redis. Two at once are harmless."""

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from contiple import server


class Command(BaseCommand):
    help = "Runs the worker until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--beat-file", type=Path, help="touched before each tick, for who watches over the process")

    def handle(self, *args: Any, **options: Any) -> None:
        server.check_database()
        from chat import worker

        stop = Stop(options["beat_file"])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: stop.set())
        worker.run(stop)


class Stop(threading.Event):
    """The worker waits on it between two ticks: a file that grows old shows that one of them hangs."""

    def __init__(self, beat_file: Path | None) -> None:
        super().__init__()
        self.beat_file = beat_file

    def wait(self, timeout: float | None = None) -> bool:
        if self.beat_file:
            self.beat_file.touch()
        return super().wait(timeout)
