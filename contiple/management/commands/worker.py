"""`manage.py worker`: does what is due by the clock, for web processes that share a Redis. Two at once do no harm."""

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from contiple import start_checks


class Command(BaseCommand):
    help = "Runs the worker until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--beat-file", type=Path, help="file to touch after each tick that succeeded")

    def handle(self, *args: Any, **options: Any) -> None:
        start_checks.check_database()
        start_checks.check_masking_keys()
        from chat import worker
        from chat.conversation import live

        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: stop.set())
        beat_file: Path | None = options["beat_file"]
        with live.sending_beside():
            worker.run(stop, beat_file.touch if beat_file else lambda: None)
