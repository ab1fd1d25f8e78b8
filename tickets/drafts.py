"""Keeps what an agent is writing on a ticket, so that another tab or device of the same agent goes on with it.

A draft is masked as everything that is stored. It keeps no originals: what is masked in it is asterisks for whoever
opens it elsewhere, while the page on which it is typed still has the words.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.models import Agent
from chat.masking.concealing import conceal
from contiple.base.batches import delete_in_batches
from tickets.comments import written_before
from tickets.copies import lock_ticket
from tickets.models import Comment, CommentDraft, Ticket

KEPT = timedelta(days=30)  # since somebody last wrote in it


@dataclass(frozen=True)
class Written:
    """What is in one of the two boxes now. ``cc`` and ``state`` belong to a reply."""

    kind: str
    body: str
    cc: str = ""
    state: str = ""
    request_id: UUID | None = None  # the form's own


def drafts_of(agent: Agent, ticket: Ticket) -> dict[str, CommentDraft]:
    """Returns the agent's drafts on the ticket, by kind. Nobody else sees them."""
    return {draft.kind: draft for draft in CommentDraft.objects.filter(ticket=ticket, agent=agent)}


@transaction.atomic
def keep_draft(agent: Agent, ticket: Ticket, written: Written) -> CommentDraft | None:
    """Keeps what is written in place of what was; nothing if the box is empty. Locks the ticket's row.

    Does nothing if the form was sent already: a draft may come later than the form that it was typed in.
    """
    lock_ticket(ticket)
    if written_before(ticket, written.request_id):
        return None
    if not written.body.strip():
        forget_draft(agent, ticket, written.kind)
        return None
    values = {
        "body": conceal(agent.service, written.body),
        "cc": conceal(agent.service, written.cc),
        "state": written.state,
        "updated_at": timezone.now(),
    }
    draft, _is_new = CommentDraft.objects.update_or_create(
        values, ticket=ticket, agent=agent, kind=Comment.Kind(written.kind)
    )
    return draft


def forget_draft(agent: Agent, ticket: Ticket, kind: str) -> None:
    """Deletes the draft, which was sent or discarded."""
    CommentDraft.objects.filter(ticket=ticket, agent=agent, kind=kind).delete()


def drop_old() -> None:
    """Deletes drafts in which nobody has written for ``KEPT``."""
    delete_in_batches(CommentDraft.objects.filter(updated_at__lt=timezone.now() - KEPT))
