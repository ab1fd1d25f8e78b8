"""`manage.py doctor`: checks an installation and says what to do. Ends with 1 if something is broken."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from contiple import doctor
from contiple import doctor_database as database
from contiple.doctor import BROKEN, LOOK, OK, Check, Finding


class Command(BaseCommand):
    help = "Checks this installation and says what to do. Ends with 1 if something is broken."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--web", type=int, default=2, help="how many web processes there are (2)")
        parser.add_argument("--workers", type=int, default=1, help="how many workers there are (1)")
        parser.add_argument("--backups", type=Path, help="folder of the backups that backup.sh makes")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = dict.fromkeys((OK, LOOK, BROKEN), 0)
        for found in self.findings(options):
            counts[found.state] += 1
            self.stdout.write(f"{found.state:<7} {found.what}")
            if found.state is not OK:
                self.stdout.write(f"        → {found.cure}")
        self.stdout.write(f"\n{counts[OK]} ok, {counts[LOOK]} to look at, {counts[BROKEN]} broken.")
        if counts[BROKEN]:
            sys.exit(1)

    def findings(self, options: dict[str, Any]) -> Iterator[Finding]:
        yield from doctor.findings([doctor.mode])
        reachable = database.is_reachable()
        yield reachable
        if reachable.state is OK:
            yield from doctor.findings(_database_checks(options))
        yield from doctor.findings(_other_checks(options))


def _database_checks(options: dict[str, Any]) -> list[Check]:
    connections = partial(database.connections, options["web"], options["workers"])
    first: list[Check] = [database.version, database.migrations, database.time_outs, connections]
    mails: list[Check] = [database.outgoing_mails, database.incoming_mails]
    return [*first, database.masking_keys, database.clock, database.worker, *mails]


def _other_checks(options: dict[str, Any]) -> list[Check]:
    address: list[Check] = [doctor.public_address, doctor.proxies]
    files: list[Check] = [doctor.files, doctor.virus_scanner, doctor.static_files, doctor.translations, doctor.disk]
    return [
        doctor.redis,
        doctor.mail_server,
        doctor.mailbox,
        *address,
        *files,
        partial(doctor.backups, options["backups"]),
    ]
