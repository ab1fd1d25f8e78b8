"""What a customer sees of a ticket: their own words and agents' replies.

Never internal comments, tags, the assignee, or texts that agents wrote for each other.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.merging import merged_into
from tickets.models import Comment, Ticket

State = Ticket.State
_SHOWN_STATES: dict[str, Promise] = {
    State.PENDING: _("Waiting for your answer"),
    State.RESOLVED: _("Solved"),
    State.COMPLETED: _("Closed"),
}
# Their subject and description are an agent's, about the customer and not to them.
_WRITTEN_BY_AGENTS = {Ticket.Channel.CHAT, Ticket.Channel.AGENT}


@dataclass(frozen=True)
class Entry:
    """Something that was said. ``rev`` grows with every mask that comes to it or goes."""

    key: str  # the element's id on the page
    who: str
    body: str
    at: datetime
    is_ours: bool  # an agent's reply
    rev: int = 1


def entries_of(ticket: Ticket) -> list[Entry]:
    """Returns the conversation, with that of tickets which were merged into this one, oldest first."""
    tickets = [ticket, *merged_into(ticket)]
    said = Comment.objects.filter(ticket__in=tickets).exclude(kind=Comment.Kind.INTERNAL).order_by("pk")
    answers = [
        Entry(f"c-{it.pk}", it.name, it.body, it.created_at, it.kind == Comment.Kind.REPLY, it.rev) for it in said
    ]
    firsts = [_first(each) for each in tickets if is_written_by_customer(each)]
    return sorted([*firsts, *answers], key=lambda entry: entry.at)


def is_written_by_customer(ticket: Ticket) -> bool:
    """Whether subject and description are the customer's, who sees them then."""
    return ticket.channel not in _WRITTEN_BY_AGENTS


def subject_of(ticket: Ticket) -> str:
    """Returns the subject if the customer wrote it."""
    return ticket.subject if is_written_by_customer(ticket) else ""


def shown_state(ticket: Ticket) -> str | Promise:
    """Returns the state as a customer understands it."""
    return _SHOWN_STATES.get(ticket.state, _("We’re working on it"))


def _first(ticket: Ticket) -> Entry:
    name = ticket.requester.name if ticket.requester else ""
    return Entry(f"first-{ticket.number}", name, ticket.body, ticket.created_at, is_ours=False)
