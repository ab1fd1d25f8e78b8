"""`manage.py worker`: what clocks demand, beside web processes that share a Redis. Two at once are harmless."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from contiple import server


class Command(BaseCommand):
    help = "Runs the worker until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        server.check_database()
        from chat import worker

        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: stop.set())
        worker.run(stop)
