"""Rows that browser tests begin with, by plain functions."""

from datetime import timedelta

from django.db.models.functions import Now

from agents.models import Agent, Service
from chat.models import Chat, Lease
from tests.make import make_agent, make_chat, make_customer, make_message

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
