"""Changes a ticket as it was read: whoever changes it meanwhile wins, and the later one is told."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from contiple.base.errors import Closed, Conflict
from tickets.copies import lock_ticket
from tickets.models import Ticket


def update(as_read: QuerySet[Ticket], ticket: Ticket, values: dict[str, Any]) -> None:
    """Sets ``values`` in the row and on ``ticket``.

    Raises ``Conflict`` if no row is ``as_read`` any more, ``Closed`` if the ticket was merged.
    """
    if ticket.merged_into_id:
        raise _gone()
    values = {**values, "updated_at": timezone.now()}
    if not as_read.filter(merged_into=None).update(**values):
        raise Conflict(_("Someone else changed this ticket in the meantime. Check it again."))
    for name, value in values.items():
        setattr(ticket, name, value)


def lock(ticket: Ticket) -> None:
    """Locks the ticket's row to the end of the transaction. Raises ``Closed`` if the ticket was merged."""
    lock_ticket(ticket)
    if Ticket.objects.filter(pk=ticket.pk, merged_into__isnull=False).exists():
        raise _gone()


def _gone() -> Closed:
    return Closed(_("This ticket was merged into another one, where it goes on."), code="merged")


def record(agent: Agent, ticket: Ticket, action: str, **details: Any) -> None:
    audit.record(ticket.service_id, action, ticket.audit_subject, agent=agent, number=ticket.number, **details)
