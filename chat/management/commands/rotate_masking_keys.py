"""`manage.py rotate_masking_keys`: brings all masked originals under the newest key of `MASKING_KEYS`.

The system may go on running, and the command may be interrupted, repeated, and run twice at once (`vault.rotate_keys`).
It prints figures, and names master keys by their number in the list. If keys are missing, it names those and stops
before anything is changed, as a start does (``master_keys``).
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from chat.masking import master_keys, vault


class Command(BaseCommand):
    help = "Wraps every data key again, under the newest key of MASKING_KEYS, while the system runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing: say whether the older keys may be taken out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self.check_older_keys()
        else:
            self.rotate()

    def rotate(self) -> None:
        with connection.cursor() as cursor:
            missing = master_keys.missing(cursor)
        if missing:
            raise CommandError(master_keys.complaint(missing))
        rotation = vault.rotate_keys()
        self.stdout.write(f"Re-wrapped:    {rotation.rewrapped}")
        self.stdout.write(f"Already new:   {rotation.already_new}")
        self.stdout.write(f"Unreadable:    {rotation.unreadable}")
        if rotation.unreadable:
            raise CommandError(
                "Unreadable keys were left as they are: the key that wrapped them is not in MASKING_KEYS."
            )

    def check_older_keys(self) -> None:
        needed_by = vault.count_by_master()
        older = list(settings.MASKING_KEYS)[1:]
        for number, master in enumerate(older, start=2):
            count = needed_by.get(master, 0)
            self.stdout.write(f"Key {number}: " + (f"wraps {count}, keep it" if count else "may be taken out"))
        unreadable = needed_by.get(None, 0)
        self.stdout.write(f"Unreadable: {unreadable}")
        if unreadable or any(master in needed_by for master in older):
            raise CommandError("Not every older key may be taken out, or data keys are unreadable; see above.")
