"""The requester of a ticket, as far as agents change it."""

from django.db import transaction

from agents import audit
from agents.models import Agent
from helpcenter.models import Customer
from tickets.models import Ticket


@transaction.atomic
def set_email(agent: Agent, ticket: Ticket, email: str) -> None:
    """Gives the requester an address if there is none yet. Nobody changes one that is there: mails go to it."""
    requester = ticket.requester
    if requester is None or not Customer.objects.filter(pk=requester.pk, email="").update(email=email):
        return
    requester.email = email
    _record(agent, ticket)


def _record(agent: Agent, ticket: Ticket) -> None:
    audit.record(ticket.service_id, "ticket.requester_email", ticket.audit_subject, agent=agent, number=ticket.number)
