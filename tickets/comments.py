"""Writes comments: what agents say among themselves, their replies, and what customers answer.

Whatever the service masks is masked before anything is saved; what it offers to mask is noted.
"""

from dataclasses import dataclass
from uuid import UUID

from agents.models import Agent
from chat.masking import concealing
from chat.masking.offers import as_offers
from chat.masking.spans import apply_mask
from tickets.masking.comment_masks import put_on
from tickets.models import Comment, Ticket


@dataclass(frozen=True)
class Words:
    """A comment before it is written. A customer's has no agent, and the ``name`` of whoever answered."""

    body: str
    kind: str = Comment.Kind.INTERNAL
    agent: Agent | None = None
    name: str = ""
    request_id: UUID | None = None  # the form's own: sent twice, it makes one comment


def written_before(ticket: Ticket, request_id: UUID | None) -> Comment | None:
    """Returns the comment that this form has already made."""
    return ticket.comments.filter(request_id=request_id).first() if request_id else None


def write(ticket: Ticket, words: Words) -> Comment:
    """Adds a comment to the ticket. Needs the ticket's row lock."""
    found = concealing.search(ticket.service, words.body)
    comment = ticket.comments.create(
        kind=words.kind,
        agent=words.agent,
        name=words.name or str(words.agent),
        body=apply_mask(words.body, found.bounds),
        offers=as_offers(found.offers),
        request_id=words.request_id,
    )
    put_on(comment, original=words.body, spans=found.masked)
    return comment
