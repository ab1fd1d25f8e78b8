"""`manage.py serve`: one web process of a production site."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from contiple import server, start_checks
from contiple.base import env
from contiple.local.startup import check_port_is_free


class Command(BaseCommand):
    help = "Serves pages and sockets. Without REDIS_URL the worker runs in this process too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=env.integer("PORT", 8000), help="PORT, else 8000")
        parser.add_argument("--worker", action="store_true", help="run the worker here even if REDIS_URL is set")

    def handle(self, *args: Any, **options: Any) -> None:
        check_port_is_free(options["host"], options["port"])
        start_checks.check_database()
        start_checks.check_masking_keys()
        # Without Redis a worker in another process could not reach the sockets of this one.
        with_worker = options["worker"] or not settings.REDIS_URL
        server.serve(host=options["host"], port=options["port"], with_worker=with_worker, ready=self.say_ready(options))

    def say_ready(self, options: dict[str, Any]) -> Any:
        return lambda: self.stdout.write(f"Contiple listens on {options['host']}:{options['port']}.")
