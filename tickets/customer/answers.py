"""What the customer's page stores, within its limits: answers, and wishes for new links.

A wish is answered alike, in the same time, whether the address is known or not: the worker looks it up.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from agents import throttle
from agents.models import Service
from chat.abuse import blocks, limits
from contiple.base.email_addresses import canonical
from tickets.answering.conversation import Answered, add_customer_answer
from tickets.answering.mails import post_links
from tickets.models import Ticket


@dataclass(frozen=True)
class Sender:
    """How a form came: from a network (its hash), at a time."""

    network: str
    now: datetime


def leave_answer(ticket: Ticket, text: str, *, sender: Sender, request_id: UUID) -> Answered:
    """Adds the customer's answer. Raises ``Blocked``, and ``TooMany`` past the limits."""
    with transaction.atomic():
        blocks.require_not_blocked(ticket.service_id, network=sender.network, customer_id=ticket.requester_id or 0)
        counted = {limits.ANSWER_BY_NETWORK: sender.network, limits.ANSWER_BY_CUSTOMER: str(ticket.requester_id)}
        throttle.count_attempts(counted, now=sender.now)
        return add_customer_answer(ticket, text, request_id=request_id)


def ask_for_links(service: Service, email: str, *, sender: Sender, language: str) -> None:
    """Has new links mailed, if the address has inquiries. Past the limits it does nothing."""
    if not throttle.allow(limits.LINKS_BY_NETWORK, sender.network, now=sender.now):
        return
    if throttle.allow(limits.LINKS_BY_EMAIL, f"{service.pk} {canonical(email)}", now=sender.now):
        post_links(service, email, language=language)
