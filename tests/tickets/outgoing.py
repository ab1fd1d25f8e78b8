"""Mails about tickets as the worker makes them when they leave."""

import re

from django.utils import translation

from agents.models import OutgoingMail
from agents.outbox import Outgoing
from agents.outbox.kinds import kind_of


def made(row: OutgoingMail) -> Outgoing | None:
    """The mail as it would leave now; ``None`` if nobody is to get one."""
    with translation.override(row.language):
        return kind_of(row).make(row)


def link_in(row: OutgoingMail) -> str:
    """The path of the customer's page in the mail."""
    return re.search(r"https?://[^/]+(/inquiry/\S+)", made(row).text)[1]
