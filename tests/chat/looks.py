"""Entries of the record of looks, as tests need them."""

from datetime import UTC, datetime
from typing import Any

from agents.models import Agent, AuditEntry
from chat.models import Chat

# In Korea it is noon of the tenth. Tests of the record that don't say otherwise are about this month.
NOON = datetime(2024, 11, 10, 3, tzinfo=UTC)


def make_look(
    agent: Agent, chat: Chat, act: str = "revealed", *, at: datetime = NOON, kind: str = "card", **fields: Any
) -> AuditEntry:
    """A look by ``agent`` in ``chat``, or in another ``subject``, which is ``of`` another kind."""
    kind_of_subject = fields.pop("of", "chat")
    fields.setdefault("subject", chat.subject)
    fields.setdefault("details", {"kind": kind, "seq": 1, "customer": chat.customer_id})
    return AuditEntry.objects.create(
        service=agent.service, agent=agent, actor=str(agent), action=f"{kind_of_subject}.{act}", created_at=at, **fields
    )


def make_limit_reached(agent: Agent, *, at: datetime, limit: int = 30) -> AuditEntry:
    return AuditEntry.objects.create(
        service=agent.service,
        agent=agent,
        actor=str(agent),
        action="agent.unmask_limit",
        subject=f"agent:{agent.pk}",
        details={"limit": limit},
        created_at=at,
    )
