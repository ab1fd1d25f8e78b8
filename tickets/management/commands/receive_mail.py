"""`manage.py receive_mail`: a mail server hands over a mail by a pipe, and reads from the exit code what became of it.

Codes are those of sysexits.h. Only two make the server return the mail to its sender; whatever else goes wrong, the
server keeps the mail and tries again.
"""

import logging
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tickets.mail.incoming import NobodysMail, read_bounded, receive

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Reads a mail from standard input and makes a ticket, or an answer to one, of it."
    requires_system_checks = ()  # a mail server starts this for each mail

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", action="append", default=[], metavar="ADDRESS", help="recipient of the envelope; may be repeated"
        )
        parser.add_argument("--from", dest="sender", metavar="ADDRESS", help="sender of the envelope; may be empty")

    def handle(self, *args: Any, **options: Any) -> None:
        raw, size = read_bounded(sys.stdin.buffer)
        if not raw.strip():
            self._end(os.EX_DATAERR, "There is no mail in this.")
        if options["sender"] is not None and options["sender"].strip("<> ") == "":
            raw = b"Return-Path: <>\n" + raw
        try:
            receive(raw, size=size, now=timezone.now(), recipients=options["to"])
        except NobodysMail:
            self._end(os.EX_NOUSER, "There is no such address here.")
        except Exception as error:  # noqa: BLE001 (whatever it is, the mail must come again)
            log.error("A mail could not be filed: %s", type(error).__name__)
            self._end(os.EX_TEMPFAIL, "Please try again later.")

    def _end(self, code: int, text: str) -> None:
        self.stderr.write(text)
        sys.exit(code)
