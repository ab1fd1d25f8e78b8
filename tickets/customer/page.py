"""What a customer sees of a ticket: their own words and agents' replies.

Never internal comments, tags, the assignee, or texts that agents wrote for each other.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.models import Comment, Ticket
from tickets.triage.merging import merged_into

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
    return Seen(last, *_count_to(ticket, last), _words(ticket), ticket.state)


def entries_of(ticket: Ticket) -> list[Entry]:
    """Returns the conversation, with that of tickets which were merged into this one, oldest first."""
    return sorted([*_firsts(ticket), *map(_entry, _said(ticket))], key=lambda entry: entry.at)


def changed_since(ticket: Ticket, seen: Seen) -> list[Entry] | None:
    """Returns what is new, and what was masked; ``None`` if only the whole conversation can tell.

    If some masks have changed, those are all that ever were masked: few, and the page takes what it doesn't have.
    """
    said, revs = _count_to(ticket, seen.last)
    if (said, _words(ticket)) != (seen.said, seen.words):
        return None  # a ticket was merged into this one, or a description edited
    masked = Q(rev__gt=1) if revs != seen.revs else Q(pk=None)
    return [_entry(it) for it in _said(ticket).filter(Q(pk__gt=seen.last) | masked)]


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
    """Returns what was said to and by the customer on the ticket, and on those that were merged into it."""
    family = Comment.objects.filter(Q(ticket=ticket) | Q(ticket__merged_into=ticket))
    return family.exclude(kind=Comment.Kind.INTERNAL).order_by("pk")


def _count_to(ticket: Ticket, last: int) -> tuple[int, int]:
    """Returns how many comments there are up to ``last``, and the sum of their revs."""
    counted = _said(ticket).filter(pk__lte=last).aggregate(count=Count("pk"), revs=Sum("rev", default=0))
    return counted["count"], counted["revs"]


def _entry(said: Comment) -> Entry:
    is_ours = said.kind == Comment.Kind.REPLY
    return Entry(f"c-{said.pk}", said.name, said.body, said.created_at, is_ours, str(said.rev))


def _firsts(ticket: Ticket) -> list[Entry]:
    """Returns the descriptions that the customer wrote."""
    return [_first(each) for each in (ticket, *merged_into(ticket)) if is_written_by_customer(each)]


def _first(ticket: Ticket) -> Entry:
    name = ticket.requester.name if ticket.requester else ""
    key, rev = f"first-{ticket.number}", ticket.fingerprint[:16]
    return Entry(key, name, ticket.body, ticket.created_at, is_ours=False, rev=rev)


def _words(ticket: Ticket) -> str:
    """Changes with the descriptions, and with the subject."""
    revs = " ".join([ticket.fingerprint, *(first.rev for first in _firsts(ticket))])
    return salted_hmac("tickets.customer_page", revs, algorithm="sha256").hexdigest()[:16]
