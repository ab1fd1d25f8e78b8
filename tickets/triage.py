"""What a ticket is worth: its priority."""

from django.db import transaction

from agents.models import Agent
from tickets.changing import record, update
from tickets.models import Ticket


@transaction.atomic
def set_priority(agent: Agent, ticket: Ticket, priority: str) -> None:
    """Gives ``ticket`` a priority. Raises ``Conflict`` if it has got another one since it was read."""
    if priority == ticket.priority:
        return
    old = ticket.priority
    update(Ticket.objects.filter(pk=ticket.pk, priority=old), ticket, {"priority": priority})
    record(agent, ticket, "ticket.priority", old=str(old), new=str(priority))
