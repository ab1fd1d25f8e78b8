"""`manage.py translations`: see `contiple.translations`."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from contiple import translations


class Command(BaseCommand):
    help = "Updates and compiles the catalogues of translations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        translations.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(translations.run(compile=options["compile"], check=options["check"]))
