"""An agent's reply: the customer sees it, and gets it by mail. Both or neither: they are one transaction."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from contiple.base.errors import Closed
from tickets import lifecycle
from tickets.answering import mails
from tickets.changing import lock
from tickets.comments import Words, write, written_before
from tickets.drafts import forget_draft
from tickets.models import Comment, Ticket
from tickets.triage.due import note_answer

# What a ticket becomes with a reply: it waits for the customer, or it is done.
AFTER_REPLY = (Ticket.State.PENDING, Ticket.State.RESOLVED)

_READ_ANEW = [
    "state", "assignee", "requester", "link_generation", "answered_at", "answer_due_at", "solve_due_at",
    "paused_at", "paused_minutes",
]  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """A reply before it is sent. ``state`` is one of ``AFTER_REPLY``; ``cc`` are plain addresses."""

    body: str
    state: str = Ticket.State.PENDING
    cc: tuple[str, ...] = ()
    request_id: UUID | None = None  # the form's own: sent twice, it is one reply


@transaction.atomic
def send_reply(agent: Agent, ticket: Ticket, reply: Reply) -> Comment:
    """Stores the reply, masked, and posts what is stored to the requester. Locks the ticket's row.

    A ticket that nobody has becomes the agent's. Raises ``Closed`` if the requester has no e-mail address, or if the
    ticket is Completed and ``agent`` is no admin.
    """
    lock(ticket)
    sent = written_before(ticket, reply.request_id)
    if sent:
        return sent
    ticket.refresh_from_db(fields=_READ_ANEW)
    if not mails.is_reachable(ticket):
        raise Closed(_("The requester has no e-mail address."), code="unreachable")
    comment = write(ticket, Words(reply.body, Comment.Kind.REPLY, agent=agent, request_id=reply.request_id))
    mails.post_reply(ticket, comment, cc=reply.cc)
    forget_draft(agent, ticket, Comment.Kind.REPLY)
    _record(agent, ticket, comment, copies=len(reply.cc))
    note_answer(agent, ticket)
    if ticket.assignee is None:
        lifecycle.set_assignee(agent, ticket, agent)
    lifecycle.set_state(agent, ticket, reply.state)
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now(), has_answer=False)
    return comment


def _record(agent: Agent, ticket: Ticket, comment: Comment, *, copies: int) -> None:
    audit.record(
        ticket.service_id,
        "ticket.replied",
        ticket.audit_subject,
        agent=agent,
        comment=comment.pk,
        number=ticket.number,
        copies=copies,
    )
