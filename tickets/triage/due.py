"""When a ticket is due, by its service's targets: for the first answer until it was given, then for the solution.

A ticket has its times from when it is made, and new ones if its priority changes. ``due_at`` is the next of them, NULL
once it is Resolved or Completed. While it is Pending, it waits for the customer: the time for the solution stands
still, and goes on with what was left of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.utils import timezone

from agents import audit
from agents.models import Agent, Service
from chat.routing.opening import schedule_of
from tickets.models import DONE, Ticket
from tickets.models_settings import TicketTarget

ANSWER, SOLUTION = "answer", "solution"
# Agents make these while they speak with the customer, or after: nobody waits for a first answer.
ANSWERED_CHANNELS = {Ticket.Channel.CHAT, Ticket.Channel.AGENT}


def moment_after(service: Service, start: datetime, minutes: int) -> datetime:
    """Returns when ``minutes`` have passed for the service since ``start``.

    They count in its operating hours; every hour counts if it has none.
    """
    hours, duration = schedule_of(service.pk), timedelta(minutes=minutes)
    return hours.working_time_after(start, duration) if hours else start + duration


def minutes_between(service: Service, start: datetime, end: datetime) -> int:
    """Returns the minutes that have passed for the service, rounded up: the other way round than ``moment_after``."""
    hours = schedule_of(service.pk)
    passed = hours.working_time_between(start, end) if hours else end - start
    return ceil(passed.total_seconds() / 60)


def deadlines(
    service: Service, *, priority: str, channel: str, since: datetime, paused: int = 0
) -> dict[str, datetime | None]:
    """Returns the times by which a ticket that came at ``since`` is to be answered and solved.

    ``paused`` are the minutes for which it was Pending.
    """
    target = TicketTarget.objects.filter(service=service, priority=priority).first() or TicketTarget()
    answer = None if channel in ANSWERED_CHANNELS else target.answer_minutes
    solve = target.solve_minutes and target.solve_minutes + paused
    minutes = {"answer_due_at": answer, "solve_due_at": solve}
    return {name: moment_after(service, since, each) if each else None for name, each in minutes.items()}


def with_due(ticket: Ticket, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns ``values``, which the ticket is about to get, with the times that follow from them.

    ``due_at`` is among them, and the solution's time if the ticket becomes Pending or is so no more.
    """
    values = {**_clock(ticket, values.get("state", ticket.state)), **values}
    after = {name: values.get(name, getattr(ticket, name)) for name in _NAMES}
    return {**values, "due_at": _next(**after)}


def record_deadlines(ticket: Ticket, *, agent: Agent | None = None) -> None:
    """Records the ticket's times, if it has any."""
    times = {ANSWER: ticket.answer_due_at, SOLUTION: ticket.solve_due_at}
    known = {name: at.isoformat() for name, at in times.items() if at}
    if known:
        _record(ticket, "ticket.due", agent=agent, **known)


def note_answer(agent: Agent, ticket: Ticket) -> None:
    """Notes the first answer, and whether it was in time. Needs the ticket's row lock."""
    if ticket.answered_at is not None:
        return
    ticket.answered_at = timezone.now()
    ticket.due_at = with_due(ticket, {})["due_at"]
    ticket.save(update_fields=["answered_at", "due_at"])
    _record_outcome(ticket, ANSWER, ticket.answer_due_at, agent=agent)


def note_solution(ticket: Ticket, old_state: str, *, agent: Agent | None = None) -> None:
    """Records whether a ticket that has just become Resolved or Completed was so in time."""
    if ticket.state in DONE and old_state not in DONE:
        _record_outcome(ticket, SOLUTION, ticket.solve_due_at, agent=agent)


def _record_outcome(ticket: Ticket, target: str, due_at: datetime | None, *, agent: Agent | None) -> None:
    if due_at:
        late_s = max(0, int((timezone.now() - due_at).total_seconds()))
        _record(ticket, "ticket.target", agent=agent, target=target, late_s=late_s)


def _record(ticket: Ticket, action: str, *, agent: Agent | None, **details: Any) -> None:
    audit.record(ticket.service_id, action, ticket.audit_subject, agent=agent, number=ticket.number, **details)


_NAMES = ("state", "answered_at", "answer_due_at", "solve_due_at")


def _next(
    state: str, answered_at: datetime | None, answer_due_at: datetime | None, solve_due_at: datetime | None
) -> datetime | None:
    if state in DONE:
        return None
    solve = None if state == Ticket.State.PENDING else solve_due_at
    return min(filter(None, [None if answered_at else answer_due_at, solve]), default=None)


def _clock(ticket: Ticket, state: str) -> dict[str, Any]:
    """Stops or starts the time for the solution, if the ticket becomes Pending or is so no more."""
    pending = Ticket.State.PENDING
    if state == ticket.state or pending not in (state, ticket.state):
        return {}
    if state == pending:
        return {"paused_at": timezone.now()}
    if ticket.paused_at is None:  # it became Pending in a release that stopped no time
        return {}
    minutes = minutes_between(ticket.service, ticket.paused_at, timezone.now())
    solve = ticket.solve_due_at and moment_after(ticket.service, ticket.solve_due_at, minutes)
    return {"paused_at": None, "paused_minutes": ticket.paused_minutes + minutes, "solve_due_at": solve}
