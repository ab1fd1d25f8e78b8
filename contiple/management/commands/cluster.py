"""`manage.py cluster`: what `docker-compose.yml` runs, as plain processes of this machine. `make cluster` calls it.

A process that ends is started again, as Docker would do. If it ends again at once, the whole command ends.
"""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from contiple import start_checks
from contiple.base import env, pools
from contiple.local import startup
from contiple.local.cluster import Cluster, Servers, Topology
from contiple.management.commands import run

LOOK_SECONDS = 0.5
# Variables that the processes get from the caller. The cluster sets all others.
HANDED_ON = (
    "SECRET_KEY",
    "MASKING_KEYS",
    "MASKING_KEYS_LOST",
    "METRICS_TOKEN",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "ACCESS_LOG",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "SESSION_IDLE_HOURS",
    "SESSION_MAX_DAYS",
)
GIVE_UP_SECONDS = 5  # a process that ends sooner than this would end each time


class Command(run.Command):
    help = "Runs 2 web processes, a worker and Redis behind one port. For one machine; it is not how to run a site."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError("The cluster is for CONTIPLE_MODE=local; see docker-compose.yml for production.")
        port = env.integer("PORT", 8000)
        startup.check_port_is_free(startup.LOCAL_HOST, port)
        start_checks.check_database(migrated=False)
        start_checks.check_masking_keys()
        self.run_cluster(port)

    def run_cluster(self, port: int) -> None:
        topology, servers = Topology(port=port), Servers(env.text("DATABASE_URL"), settings.REDIS_URL)
        variables = {name: env.text(name, "") for name in HANDED_ON}
        with Cluster(env.data_folder() / "cluster", topology, servers, variables=variables) as running:
            self.load_demo_if_empty()
            self.welcome(port)
            pools.close_all()
            self.say_where(running)
            while True:
                time.sleep(LOOK_SECONDS)
                self.start_again(running)

    def say_where(self, running: Cluster) -> None:
        for process in running:
            place = f"{startup.LOCAL_HOST}:{process.port}" if process.port else ""
            self.stdout.write(f"    {process.name:<8} {process.pid:<8} {place:<16} {process.log_file}")
        self.stdout.write("")
        self.stdout.flush()

    def start_again(self, running: Cluster) -> None:
        for process in running:
            if process.is_running:
                continue
            if time.monotonic() - process.started_at < GIVE_UP_SECONDS:
                raise env.EnvError(f"{process.name} ended again at once: {process.last_line()}")
            self.stdout.write(f"    {process.name} ended; it is started again.")
            self.stdout.flush()
            process.begin()
