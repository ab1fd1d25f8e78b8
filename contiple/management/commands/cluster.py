"""`manage.py cluster`: what `docker-compose.yml` runs, as plain processes of this machine. `make cluster` calls it.

What ends by itself is started again, as Docker would; what ends again at once is given up.
"""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from contiple import server
from contiple.base import env
from contiple.local import cluster, startup
from contiple.management.commands import run

LOOK_SECONDS = 0.5
# What a caller may want to say to the processes; the rest is the cluster's own.
HANDED_ON = ("SECRET_KEY", "MASKING_KEYS", "METRICS_TOKEN", "LOG_LEVEL", "LOG_FORMAT")
GIVE_UP_SECONDS = 5  # what lives no longer than this would never live


class Command(run.Command):
    help = "Runs 2 web processes, a worker and Redis behind one port. For one machine; it is not how to run a site."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError("The cluster is for CONTIPLE_MODE=local; see docker-compose.yml for production.")
        port = env.integer("PORT", 8000)
        startup.check_port_is_free(startup.LOCAL_HOST, port)
        server.check_database()
        self.run_cluster(port)

    def run_cluster(self, port: int) -> None:
        folder, database = env.data_folder() / "cluster", env.text("DATABASE_URL")
        variables = {name: env.text(name, "") for name in HANDED_ON}
        with cluster.Cluster(
            folder, port=port, database_url=database, redis_url=settings.REDIS_URL, variables=variables
        ) as running:
            self.load_demo_if_empty()
            self.welcome(port)
            server.close_pools()
            self.say_where(running)
            while True:
                time.sleep(LOOK_SECONDS)
                self.start_again(running)

    def say_where(self, running: cluster.Cluster) -> None:
        for process in running:
            place = f"{startup.LOCAL_HOST}:{process.port}" if process.port else ""
            self.stdout.write(f"    {process.name:<8} {process.pid:<8} {place:<16} {process.log_file}")
        self.stdout.write("")
        self.stdout.flush()

    def start_again(self, running: cluster.Cluster) -> None:
        for process in running:
            if process.is_running:
                continue
            if time.monotonic() - process.started_at < GIVE_UP_SECONDS:
                raise env.EnvError(f"{process.name} ended again at once: {process.last_line()}")
            self.stdout.write(f"    {process.name} ended; it is started again.")
            self.stdout.flush()
            process.begin()
