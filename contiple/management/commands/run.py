"""`manage.py run`: pages, sockets and worker in one process on this machine. `make run` calls it."""

import os
import shlex
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from contiple import server, start_checks
from contiple.base import env
from contiple.local import startup


class Command(BaseCommand):
    help = "Migrates, loads the demo service into an empty database, prints the addresses, and serves. For one machine."

    def handle(self, *args: Any, **options: Any) -> None:
        port = env.integer("PORT", 8000)
        startup.check_port_is_free(startup.LOCAL_HOST, port)
        start_checks.check_database(migrated=False)
        call_command("migrate", verbosity=0, interactive=False)
        start_checks.check_masking_keys()
        self.load_demo_if_empty()
        server.serve(host=startup.LOCAL_HOST, port=port, with_worker=True, ready=lambda: self.welcome(port))

    def load_demo_if_empty(self) -> None:
        from agents.models import Service

        if env.flag("DEMO", default=True) and not Service.objects.exists():
            self.stdout.write("The database is empty: loading the demo service.")
            call_command("demo", verbosity=0)

    def welcome(self, port: int) -> None:
        lines = [
            "",
            "  Contiple is running.",
            "",
            *(f"    {line}".rstrip() for line in self.ways_in(port)),
            "",
            "  Ctrl-C stops it; what was entered is kept.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def ways_in(self, port: int) -> list[str]:
        """Returns where people go, or how the first service is made."""
        from agents.models import Service
        from contiple.management.commands.demo import sign_ins

        agents = f"Agents      http://localhost:{port}/"
        slugs = list(Service.objects.filter(is_stopped=False).order_by("pk").values_list("slug", flat=True)[:1])
        if not slugs:
            return [agents, "", *first_service()]
        demo = sign_ins()
        return [f"Customers   http://localhost:{port}/hc/{slugs[0]}/", agents, *([""] if demo else []), *demo]


def first_service() -> list[str]:
    """Returns how the first service is made, on these data and with links that lead to this server."""
    given = [f"{name}={shlex.quote(os.environ[name])} " for name in ("CONTIPLE_DATA", "PORT") if os.environ.get(name)]
    return [
        "There is no service yet. In another window, make one with its admin:",
        "",
        f"CONTIPLE_MODE=local {''.join(given)}.venv/bin/python manage.py create_service \\",
        "    --name 'My shop' --slug shop --admin-email me@example.com",
    ]
