"""Changes a ticket as it was read: whoever changes it meanwhile wins, and the later one is told."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from contiple.base.errors import Conflict
from tickets.models import Ticket


def update(as_read: QuerySet[Ticket], ticket: Ticket, values: dict[str, Any]) -> None:
    """Sets ``values`` in the row and on ``ticket``. Raises ``Conflict`` if no row is ``as_read`` any more."""
    values = {**values, "updated_at": timezone.now()}
    if not as_read.update(**values):
        raise Conflict(_("Someone else changed this ticket in the meantime. Check it again."))
    for name, value in values.items():
        setattr(ticket, name, value)


def record(agent: Agent, ticket: Ticket, action: str, **details: Any) -> None:
    audit.record(ticket.service_id, action, ticket.audit_subject, agent=agent, number=ticket.number, **details)
