"""`manage.py worker`: does what is due by the clock, for web processes that share a Redis. Two at once do no harm."""

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
        parser.add_argument("--beat-file", type=Path, help="file to touch before each tick, once a second")

    def handle(self, *args: Any, **options: Any) -> None:
        server.check_database()
        server.check_masking_keys()
        from chat import worker

        stop = Stop(options["beat_file"])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: stop.set())
        worker.run(stop)


class Stop(threading.Event):
    """The worker waits on this between two ticks. If the file is older than a few seconds, a tick hangs."""

    def __init__(self, beat_file: Path | None) -> None:
        super().__init__()
        self.beat_file = beat_file

    def wait(self, timeout: float | None = None) -> bool:
        if self.beat_file:
            self.beat_file.touch()
        return super().wait(timeout)
