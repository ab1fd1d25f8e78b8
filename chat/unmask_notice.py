"""Tells a service's admins that an agent has reached the limit of looks under masks."""

from agents import audit
from agents.models import Agent


def tell_of_limit(agent: Agent, limit: int) -> None:
    audit.record(agent.service, "agent.unmask_limit", f"agent:{agent.pk}", agent=agent, limit=limit)
