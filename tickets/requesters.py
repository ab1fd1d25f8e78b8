"""The requester of a ticket: who is surely the same, and what agents may change."""

from django.db import transaction

from agents import audit
from agents.models import Agent
from helpcenter.models import Customer
from tickets.models import Ticket


def is_known(requester: Customer) -> bool:
    """Says whether the row stands for one person: by the mailbox that gets its mails, by a browser's token, or as a
    member of the service's site.

    A bare name does not: two people may have it.
    """
    return bool(requester.email or requester.token_hash or requester.member)


def is_same(one: Customer | None, other: Customer | None) -> bool:
    """Says whether two requesters are surely one person. The same name or address in two rows proves nothing."""
    return one is not None and one == other and is_known(one)


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
