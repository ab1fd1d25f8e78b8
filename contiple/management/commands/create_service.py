"""`manage.py create_service`: a service with its contract and its admin, in one step."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from agents.models import Agent, User
from agents.new_service import create_service


class Command(BaseCommand):
    help = "Makes a service with its contract and its admin, and prints the link by which the admin sets a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="as people read it")
        parser.add_argument("--slug", required=True, help="in addresses: /hc/SLUG/")
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", default="", help="customers see it in chats")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.LOCAL:
            call_command("migrate", verbosity=0, interactive=False)
        names = ("name", "slug", "admin_email", "admin_name")
        try:
            admin = create_service(**{name: options[name] for name in names})
        except ValidationError as error:
            raise CommandError(_in_words(error)) from None
        except ProgrammingError:
            raise CommandError("The database has no tables of this release: run `manage.py migrate` first.") from None
        self.stdout.write("\n".join(_next_steps(admin)))


def _in_words(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())


def _next_steps(admin: Agent) -> list[str]:
    origin, slug = settings.PUBLIC_ORIGIN, admin.service.slug
    steps = [
        f"{admin.service.name} is made.",
        f"  Help center   {origin}{reverse('helpcenter:home', args=[slug])}",
        f"  Desk          {origin}{reverse('agents:desk', args=[slug])}",
    ]
    if admin.user.has_usable_password():
        return [*steps, f"Its admin, {admin.user.email}, signs in with the password that the account has."]
    days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
    return [
        *steps,
        f"Its admin, {admin.user.email}, sets a password here, within {days} days:",
        f"  {_link(admin.user)}",
        "After that, Getting started shows what to do next.",
    ]


def _link(user: User) -> str:
    place = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    return f"{settings.PUBLIC_ORIGIN}{reverse('agents:reset_confirm', args=place)}"
