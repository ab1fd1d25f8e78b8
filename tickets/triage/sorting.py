"""Sorts tickets: how urgent they are, and which group has them."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from contiple.base.errors import Invalid
from tickets.changing import record, update
from tickets.models import Ticket
from tickets.models_settings import Group
from tickets.triage.due import deadlines, record_deadlines, with_due
from tickets.triage.groups import choosable


@transaction.atomic
def set_priority(agent: Agent, ticket: Ticket, priority: str) -> None:
    """Gives ``ticket`` a priority, and the times that go with it, counted from when it was made.

    Raises ``Conflict`` if it has got another one since it was read.
    """
    if priority == ticket.priority:
        return
    old, times = ticket.priority, (ticket.answer_due_at, ticket.solve_due_at)
    paused = ticket.paused_minutes
    new = deadlines(agent.service, priority=priority, channel=ticket.channel, since=ticket.created_at, paused=paused)
    values = with_due(ticket, {"priority": priority, **new})
    update(Ticket.objects.filter(pk=ticket.pk, priority=old, state=ticket.state), ticket, values)
    record(agent, ticket, "ticket.priority", old=str(old), new=str(priority))
    if times != (ticket.answer_due_at, ticket.solve_due_at):
        record_deadlines(ticket, agent=agent)


@transaction.atomic
def set_group(agent: Agent, ticket: Ticket, group: Group | None) -> None:
    """Gives ``ticket`` to a group, or takes it from its group. State and assignee stay as they are.

    Raises ``Invalid`` for a group in which nobody is, ``Conflict`` if it has got another one since it was read.
    """
    if group == ticket.group:
        return
    if group is not None and not choosable(agent.service).filter(pk=group.pk).exists():
        raise Invalid(_("Tickets can't be given to this group."), code="group")
    old = ticket.group_id
    update(Ticket.objects.filter(pk=ticket.pk, group=old), ticket, {"group": group})
    record(agent, ticket, "ticket.group", old=old, new=ticket.group_id)
