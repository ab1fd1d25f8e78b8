"""`manage.py run`: pages, sockets and worker in one process on this machine. `make run` calls it."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from contiple import server
from contiple.base import env
from contiple.local import startup


class Command(BaseCommand):
    help = "Migrates, loads the demo service into an empty database, prints the addresses, and serves. For one machine."

    def handle(self, *args: Any, **options: Any) -> None:
        port = env.integer("PORT", 8000)
        startup.check_port_is_free(startup.LOCAL_HOST, port)
        server.check_database(migrated=False)
        call_command("migrate", verbosity=0, interactive=False)
        server.check_masking_keys()
        self.load_demo_if_empty()
        server.serve(host=startup.LOCAL_HOST, port=port, with_worker=True, ready=lambda: self.welcome(port))

    def load_demo_if_empty(self) -> None:
        from agents.models import Service

        if not Service.objects.exists():
            self.stdout.write("The database is empty: loading the demo service.")
            call_command("demo", verbosity=0)

    def welcome(self, port: int) -> None:
        from contiple.management.commands.demo import sign_ins

        lines = [
            "",
            "  Contiple is running.",
            "",
            f"    Customers   http://localhost:{port}/hc/demo/",
            f"    Agents      http://localhost:{port}/",
            "",
            *(f"    {line}".rstrip() for line in sign_ins()),
            "",
            "  Ctrl-C stops it; what was entered is kept.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
