"""What a customer says to a ticket after it is made: answers, and that it is solved.

A customer's page and incoming mail call this. It asks nothing about who they are: the caller has done that.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents import audit
from helpcenter.customers import note_contact
from tickets.comments import Words, write, written_before
from tickets.lifecycle import Draft, create_ticket, requested_ticket
from tickets.models import Comment, Ticket
from tickets.numbering import lock_counter
from tickets.triage.due import note_solution, with_due

State = Ticket.State
ANSWERED = {State.PENDING, State.RESOLVED}  # these wait for the customer, or for nobody


@dataclass(frozen=True)
class Answered:
    """The ticket that took the answer, and its ``comment``; ``None`` if a new ticket was made of it."""

    ticket: Ticket
    comment: Comment | None


@transaction.atomic
def add_customer_answer(
    ticket: Ticket,
    text: str,
    *,
    name: str = "",
    channel: str = Ticket.Channel.HELP_CENTER,
    request_id: UUID | None = None,
) -> Answered:
    """Adds a customer's words to ``ticket``, masked before the save; the same form sent twice adds them once.

    A Pending or Resolved ticket becomes Processing. An answer to a merged one goes to the kept one. An answer to a
    Completed one makes a new ticket that follows it, or goes to the one that does so already. ``name`` is who wrote,
    the requester if it is empty; ``channel`` is where a new ticket comes from. Locks Service, then Ticket.
    """
    lock_counter(ticket.service)
    made = requested_ticket(ticket.service, request_id) if request_id else None
    row = made or _end_of_chain(ticket)
    written = written_before(row, request_id)
    if made or written:
        return Answered(row, written)
    if row.state == State.COMPLETED:
        draft = Draft(channel, row.subject, text, requester=row.requester, follows=row, request_id=request_id)
        return Answered(create_ticket(row.service, draft), None)
    comment = write(row, Words(text, Comment.Kind.CUSTOMER, name=name or _name_of(row), request_id=request_id))
    _record(row, "ticket.answered", comment=comment.pk)
    if row.requester_id:
        note_contact(row.requester_id, comment.created_at)
    _set(row, state=State.PROCESSING if row.state in ANSWERED else row.state, has_answer=True)
    return Answered(row, comment)


def may_solve(ticket: Ticket) -> bool:
    """Whether the customer may say that it is solved: an agent has the ticket, and it isn't done."""
    return ticket.assignee_id is not None and ticket.state not in {State.RESOLVED, State.COMPLETED}


@transaction.atomic
def mark_solved(ticket: Ticket) -> None:
    """Makes the ticket Resolved because its customer says so. Does nothing if ``may_solve`` doesn't hold."""
    row = _locked(_where_it_went(ticket))
    if may_solve(row):
        _set(row, state=State.RESOLVED, has_answer=False)


def _end_of_chain(ticket: Ticket) -> Ticket:
    """Returns the ticket with which this one goes on, locked. Needs the service's lock: where it goes on is settled."""
    row, passed = _locked(_where_it_went(ticket)), set()
    while row.state == State.COMPLETED:
        passed.add(row.pk)
        followers = row.followed_by.exclude(Q(pk__in=passed) | Q(merged_into__in=passed)).order_by("number")
        later = followers.last()
        if later is None:
            break
        row = _locked(_where_it_went(later))
    return row


def _where_it_went(ticket: Ticket) -> int:
    """The id of the ticket that this one is merged into, read now, or its own."""
    return Ticket.objects.values_list("merged_into", flat=True).get(pk=ticket.pk) or ticket.pk


def _locked(pk: int) -> Ticket:
    rows = Ticket.objects.select_for_update(no_key=True, of=("self",)).defer("search")
    return rows.select_related("service__contract", "requester").get(pk=pk)


def _name_of(ticket: Ticket) -> str:
    return ticket.requester.name if ticket.requester else "–"


def _set(row: Ticket, *, state: str, **values: Any) -> None:
    """Saves the values of a locked ticket, and records a change of its state."""
    old = row.state
    values = with_due(row, {**values, "state": state, "updated_at": timezone.now()})
    Ticket.objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
    if state != old:
        _record(row, "ticket.state", old=str(old), new=str(state))
        note_solution(row, old)


def _record(row: Ticket, action: str, **details: Any) -> None:
    audit.record(row.service_id, action, row.audit_subject, actor="customer", number=row.number, **details)
