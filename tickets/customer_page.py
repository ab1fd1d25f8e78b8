"""What a customer sees of a ticket: their own words and agents' replies.

Never internal comments, tags, the assignee, or texts that agents wrote for each other.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.forms import fingerprint
from tickets.models import Comment, Ticket

State = Ticket.State
_SHOWN_STATES: dict[str, Promise] = {
    State.PENDING: _("Waiting for your answer"),
    State.RESOLVED: _("Solved"),
    State.COMPLETED: _("Closed"),
}
_NUMBER = re.compile(r"[0-9]{1,15}")
# Their subject and description are an agent's, about the customer and not to them.
_WRITTEN_BY_AGENTS = {Ticket.Channel.CHAT, Ticket.Channel.AGENT}


@dataclass(frozen=True)
class Entry:
    """Something that was said. ``rev`` changes with it."""

    key: str  # the element's id on the page
    who: str
    body: str
    at: datetime
    is_ours: bool  # an agent's reply
    rev: str


class Seen(NamedTuple):
    """What a page shows. It tells what has changed since: comments are numbered under the ticket's lock."""

    last: int  # the newest comment
    said: int  # how many there are
    revs: int  # their sum, which grows with every mask that comes or goes
    words: str  # changes with subject and description
    state: str

    def __str__(self) -> str:
        return ".".join(map(str, self))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        last, count, revs, words, state = (text.split(".") + [""] * 5)[:5]
        numbers = (last, count, revs)
        if not all(map(_NUMBER.fullmatch, numbers)):
            return None
        return cls(int(last), int(count), int(revs), words, state)


def seen_now(ticket: Ticket) -> Seen:
    last = _said(ticket).aggregate(last=Max("pk"))["last"] or 0
    return Seen(last, *_count_to(ticket, last), fingerprint(ticket)[:16], ticket.state)


def entries_of(ticket: Ticket) -> list[Entry]:
    """Returns the conversation, oldest first."""
    return [*_first(ticket), *map(_entry, _said(ticket))]


def changed_since(ticket: Ticket, seen: Seen) -> list[Entry] | None:
    """Returns what is new, and what was masked or edited; ``None`` if only the whole conversation can tell.

    If some masks have changed, those are all that ever were masked: few, and the page takes what it doesn't have.
    """
    count, revs = _count_to(ticket, seen.last)
    if count != seen.said:
        return None  # another ticket's were added, or some are gone
    masked = Q(rev__gt=1) if revs != seen.revs else Q(pk=None)
    changed = _said(ticket).filter(Q(pk__gt=seen.last) | masked)
    first = _first(ticket) if seen.words != fingerprint(ticket)[:16] else []
    return [*first, *map(_entry, changed)]


def is_written_by_customer(ticket: Ticket) -> bool:
    """Whether subject and description are the customer's, who sees them then."""
    return ticket.channel not in _WRITTEN_BY_AGENTS


def subject_of(ticket: Ticket) -> str:
    """Returns the subject if the customer wrote it."""
    return ticket.subject if is_written_by_customer(ticket) else ""


def shown_state(ticket: Ticket) -> str | Promise:
    """Returns the state as a customer understands it."""
    return _SHOWN_STATES.get(ticket.state, _("We’re working on it"))


def _said(ticket: Ticket) -> QuerySet[Comment]:
    return ticket.comments.exclude(kind=Comment.Kind.INTERNAL).order_by("pk")


def _count_to(ticket: Ticket, last: int) -> tuple[int, int]:
    """Returns how many comments there are up to ``last``, and the sum of their revs."""
    counted = _said(ticket).filter(pk__lte=last).aggregate(count=Count("pk"), revs=Sum("rev", default=0))
    return counted["count"], counted["revs"]


def _entry(said: Comment) -> Entry:
    is_ours = said.kind == Comment.Kind.REPLY
    return Entry(f"c-{said.pk}", said.name, said.body, said.created_at, is_ours, str(said.rev))


def _first(ticket: Ticket) -> list[Entry]:
    """Returns the description, if the customer wrote it."""
    if not is_written_by_customer(ticket):
        return []
    name = ticket.requester.name if ticket.requester else ""
    return [Entry("first", name, ticket.body, ticket.created_at, is_ours=False, rev=fingerprint(ticket)[:16])]
