"""Merges two customers who are one person, and separates them again.

Nothing moves (``helpcenter.families``): each keeps chats, follow-ups, notes and tokens, and agents see them as one. No
customer gets to see anything by a merge: whoever only claims an address never reads what a verified member has said,
and the member never reads what was said in the claimed name. What holds for one of them holds for all: a block, and
the destruction of originals, files and notes.
"""

from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import active_admins
from agents.models import Agent, AuditEntry
from chat.abuse import blocks
from chat.lifecycle.transitions import close_chat
from chat.masking import concealing
from chat.models import Chat
from contiple.base.errors import Closed, Conflict, Invalid
from helpcenter.families import family_of
from helpcenter.models import Customer

CHOICES_MAX = 20  # customers that a search offers
FAMILY_MAX = 20  # customers merged into one: a person has a few devices and addresses
REASON_LENGTH_MAX = 200


class Merged(NamedTuple):
    customer: Customer
    entry: AuditEntry | None  # by whom, when, why


def refusal(one: Customer, other: Customer) -> str:
    """Says why these two can't be merged at all, in either direction; empty if they can."""
    if one.pk == other.pk:
        return str(_("This is the same customer."))
    if one.merged_into_id or other.merged_into_id:
        return str(_("One of the customers was merged in the meantime. Check them again."))
    if one.member and other.member:
        return str(_("Your site vouches for both, with different member IDs. So these are two people."))
    return ""


def merged_into(customer: Customer) -> list[Merged]:
    """Returns the customers who were merged into this one, with what the trail says of it. Two queries."""
    rows = list(customer.merged.order_by("pk"))
    subjects = [_subject(row) for row in rows]
    entries = audit.entries(customer.service, ["customer.merged"]).filter(subject__in=subjects).order_by("pk")
    newest = {entry.subject: entry for entry in entries} if rows else {}
    return [Merged(row, newest.get(_subject(row))) for row in rows]


def merge(agent: Agent, customer: Customer, into: Customer, *, reason: str) -> None:
    """Merges ``customer`` into ``into``, both of the agent's service.

    If one of them is blocked, both are from now on, and their open chats end. Raises ``Invalid`` without a reason, or
    if a verified customer would not be the kept one, ``Conflict`` if they can't be merged (any more), ``Closed`` if one
    is blocked and the agent is no admin. Locks as ``_lock`` says.
    """
    reason = concealing.conceal(agent.service, reason.strip())[:REASON_LENGTH_MAX]
    if not reason:
        raise Invalid(_("Please say why you know that this is one person."), code="reason")
    with transaction.atomic():
        merged, kept = _lock(agent, customer, into)
        _check(merged, kept)
        is_blocked = _require_right(agent, merged, kept)
        for row in (*merged.merged.all(), merged):
            Customer.objects.filter(pk=row.pk).update(merged_into=kept)
        if merged.last_contact_at > kept.last_contact_at:
            Customer.objects.filter(pk=kept.pk).update(last_contact_at=merged.last_contact_at)
        audit.record(agent.service_id, "customer.merged", _subject(merged), agent=agent, into=kept.pk, why=reason)
        audit.record(agent.service_id, "customer.merged_in", _subject(kept), agent=agent, merged=merged.pk, why=reason)
        to_end = list(_open_chats(kept)) if is_blocked else []
    for chat_id in to_end:
        close_chat(chat_id, by=Chat.ClosedBy.BLOCKED, admin=agent)


@transaction.atomic
def separate(agent: Agent, customer: Customer) -> None:
    """Makes the customer, whom somebody merged into another one, a customer of its own again.

    Raises ``Conflict`` if it is one already, ``Closed`` if one of them is blocked and the agent is no admin.
    """
    blocks.close_the_door(agent.service_id)
    row = Customer.objects.select_related("merged_into").get(pk=customer.pk, service=agent.service_id)
    kept = row.merged_into
    if kept is None:
        raise Conflict(_("This customer isn’t merged any more."))
    _require_right(agent, row, kept)
    Customer.objects.filter(pk=row.pk).update(merged_into=None)
    audit.record(agent.service_id, "customer.separated", _subject(row), agent=agent, was=kept.pk)
    audit.record(agent.service_id, "customer.separated_from", _subject(kept), agent=agent, merged=row.pk)


def _lock(agent: Agent, customer: Customer, into: Customer) -> tuple[Customer, Customer]:
    """Reads both anew. The door is one for all merges, blocks and starts of chats of the service; afterwards rows are
    locked by their updates: those merged into one before that one, as ``customers.note_contact`` does."""
    blocks.close_the_door(agent.service_id)
    rows = Customer.objects.filter(service=agent.service_id).in_bulk([customer.pk, into.pk])
    if len(rows) < 2:
        raise Conflict(_("This is the same customer."))
    return rows[customer.pk], rows[into.pk]


def _check(merged: Customer, kept: Customer) -> None:
    if why := refusal(merged, kept):
        raise Conflict(why)
    if merged.member:
        raise Invalid(_("The verified customer must be the one that is kept."), code="keep")
    if merged.merged.count() + kept.merged.count() + 1 > FAMILY_MAX:
        raise Conflict(_("No more than %(most)s customers can be merged into one.") % {"most": FAMILY_MAX})


def _require_right(agent: Agent, *customers: Customer) -> bool:
    """Says whether one of them is blocked. To let a block hold for more people, or for fewer, is for admins."""
    is_blocked = any(blocks.blocks_of_customer(row).exists() for row in customers)
    if is_blocked and not active_admins(agent.service_id).filter(pk=agent.pk).exists():
        raise Closed(_("One of the customers is blocked. Only an admin can do this."))
    return is_blocked


def _open_chats(kept: Customer) -> QuerySet:
    return (
        Chat.objects.filter(customer__in=family_of(kept)).exclude(state=Chat.State.CLOSED).values_list("pk", flat=True)
    )


def _subject(customer: Customer) -> str:
    return f"customer:{customer.pk}"
