"""Rows that browser tests begin with, by plain functions."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Agent, Service
from chat.masking.record import Outcome
from chat.models import Chat, Lease
from tests.chat.looks import make_limit_reached, make_look
from tests.make import make_agent, make_chat, make_customer, make_message, make_ticket

# Longer than any test: its agent counts as reachable, whatever the windows do.
LEASE = timedelta(minutes=10)


def make_agent_with_chat(
    service: Service, *lines: str, name: str = "Mina", customer: str = "Jun"
) -> tuple[Agent, Chat]:
    """An agent who is Online and here, and a chat the agent has opened: the customer wrote ``lines``."""
    agent = make_agent(service, name, online=True)
    Lease.objects.create(agent=agent, expires_at=Now() + LEASE)
    chat = make_chat(service, agent=agent, customer=make_customer(service, customer))
    for line in lines:
        make_message(chat, line)
    return agent, chat


def make_looks(service: Service, admin: Agent) -> None:
    """Twelve entries of this moment: every outcome of a look in a chat and in a ticket, and two others."""
    agent, now = make_agent(service, "Mina"), timezone.now()
    chat, ticket = make_chat(service, customer=make_customer(service, "Jun Park")), make_ticket(service)
    for outcome in set(Outcome) - {Outcome.LIMIT, Outcome.EXPORTED, Outcome.DESTROYED}:
        make_look(agent, chat, outcome, at=now, kind="rrn", address="2001:db8:85a3:8d3:1319:8a2e:370:7348")
        make_look(agent, chat, outcome, at=now, of="ticket", subject=ticket.audit_subject, address="192.0.2.7")
    make_look(admin, chat, Outcome.DESTROYED, at=now, details={"keys": 1, "customer": chat.customer_id})
    make_limit_reached(agent, at=now)
