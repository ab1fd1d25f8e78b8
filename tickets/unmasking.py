"""Looks under the masks of comments, and a wrong one taken off for good: by the rules of ``chat.masking.looks``."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.masking.looks import Hidden, gone_is_on_record, look, opened, require_look
from contiple.base.errors import Conflict
from tickets.access import comment_mask_for
from tickets.comment_masks import change_body, kept_for
from tickets.copies import bounds_of_copies, lock_with_chat
from tickets.models import CommentMask


def reveal(agent: Agent, mask_id: int, *, address: str | None) -> str:
    """The original under a mask, for this agent alone. Raises as ``look`` does, and ``Http404``."""
    return look(agent, _hidden_by(comment_mask_for(agent, mask_id)), address=address)


def lift(agent: Agent, mask_id: int, *, address: str | None) -> None:
    """Takes a mask off for good: what was no personal data is text again. Raises as ``reveal`` does.

    Raises ``Conflict`` where that would show what is masked in the ticket's chat. Locks the chat and the ticket.
    """
    asked = _hidden_by(comment_mask_for(agent, mask_id))
    require_look(agent, asked, address=address)
    with gone_is_on_record(agent, asked, address=address), transaction.atomic():
        copies = lock_with_chat(comment_mask_for(agent, mask_id).comment.ticket)
        mask = comment_mask_for(agent, mask_id)  # as it is under the lock
        comment, hidden = mask.comment, _hidden_by(mask)
        body = comment.body[: mask.start] + opened(hidden) + comment.body[mask.end :]
        if any(start < mask.end and mask.start < end for start, end in bounds_of_copies(copies, body)):
            raise Conflict(_("This is also masked in the chat. Remove the mask there first."))
        mask.delete()
        change_body(comment, body)
        hidden.record(agent, "lifted", address)


def _hidden_by(mask: CommentMask) -> Hidden:
    comment, ticket = mask.comment, mask.comment.ticket
    facts = {"kind": mask.kind, "comment": comment.pk, "number": ticket.number, "customer": ticket.requester_id}
    return Hidden(ticket.audit_subject, *kept_for(mask), facts)
