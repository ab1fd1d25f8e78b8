"""Two customers side by side, before they are merged: what each is and has, with all that were merged into it."""

from typing import NamedTuple

from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.abuse.blocks import blocks_of_customer
from chat.block import Block
from chat.follow_ups import registered
from chat.models import Chat
from chat.people.identity import proof_text
from helpcenter.families import family_of
from helpcenter.models import Customer, CustomerNote

NOTHING = "–"


class Side(NamedTuple):
    customer: Customer
    block: Block | None
    values: dict[str, str]  # by label, in the order of the page


def side_of(customer: Customer) -> Side:
    """Five queries."""
    family = list(family_of(customer))
    block = blocks_of_customer(customer).first()
    values = {
        _("E-mail"): customer.email or NOTHING,
        _("Identity"): proof_text(customer),
        _("Member ID"): customer.member or NOTHING,
        _("Language"): customer.get_language_display(),
        _("Chats"): _chats(family),
        str(registered().nouns): str(registered().count_of(family)),
        _("Notes"): str(CustomerNote.objects.filter(customer__in=family).count()),
        _("Blocked"): _until(block),
        _("Already merged"): ", ".join(row.name for row in family if row.pk != customer.pk) or NOTHING,
    }
    return Side(customer, block, {label: value for label, value in values.items() if label})


def rows_of(one: Side, other: Side) -> list[tuple[str, list[str]]]:
    """The rows of the table; without those that neither has anything to say to."""
    pairs = [(label, [value, other.values[label]]) for label, value in one.values.items()]
    return [(label, values) for label, values in pairs if set(values) != {NOTHING}]


def _chats(family: list[Customer]) -> str:
    chats = Chat.objects.filter(customer__in=family)
    found = chats.aggregate(number=Count("pk"), open=Count("pk", filter=~Q(state=Chat.State.CLOSED)))
    if not found["open"]:
        return str(found["number"])
    running = ngettext("%(open)s open", "%(open)s open", found["open"]) % found
    return f"{found['number']} ({running})"


def _until(block: Block | None) -> str:
    if block is None:
        return NOTHING
    return date_format(localtime(block.until), "SHORT_DATETIME_FORMAT") if block.until else _("For good")
