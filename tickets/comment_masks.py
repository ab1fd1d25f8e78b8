"""Masks in the comments of a ticket: found when one is written, put on by hand. ``unmasking`` has the looks under them.

As in chats (``chat.conversation.message_masks``): the stored text is the masked one, and spans of one comment never
overlap. Originals are sealed under a data key of the ticket's own. All of it needs the ticket's row lock.
"""

from collections.abc import Sequence

from django.db import transaction

from agents import audit
from agents.models import Agent
from chat.conversation.entries import as_offers, offers_of
from chat.masking import vault
from chat.masking.concealing import require_masking
from chat.masking.rules import Masked, Rules, rules_of
from chat.masking.selections import Selection, named, require_as_selected, selected_spans, still_offered
from chat.masking.spans import apply_mask
from tickets.models import Comment, CommentMask, Ticket


def mask_comments(agent: Agent, ticket: Ticket, selections: Sequence[Selection]) -> int:
    """Masks what ``agent`` selected in comments of ``ticket``, in one transaction, and returns how many spans are new.

    The caller has checked that the agent sees the ticket, which is all that it needs. Raises as
    ``chat.conversation.message_masks.mask_selection``.
    """
    require_masking(agent.service)
    with transaction.atomic():
        lock_ticket(ticket)
        comments = _comments_as_selected(ticket, selections)
        rules = rules_of(ticket.service_id)
        masked = sum(_mask_one(comments[item.seq], item, agent, rules) for item in selections)
        if masked:
            subject, number = ticket.audit_subject, ticket.number
            audit.record(ticket.service_id, "ticket.masked", subject, agent=agent, number=number, spans=masked)
    return masked


def put_on(comment: Comment, *, original: str, spans: Sequence[Masked], by: Agent | None = None) -> None:
    """Stores masks over ``spans``, which must be free of others."""
    kept = [span for span in spans if span.keep]
    originals = [(_place(comment, span.start, span.end), original[span.start : span.end]) for span in kept]
    sealed = dict(zip(kept, vault.seal_all(_holder(comment.ticket), originals), strict=True))
    CommentMask.objects.bulk_create(
        CommentMask(
            comment=comment,
            kind=span.kind,
            start=span.start,
            end=span.end,
            sealed=sealed.get(span, b""),
            masked_by=by,
        )
        for span in spans
    )


def hide_spans(comment: Comment, spans: Sequence[tuple[int, int]]) -> None:
    """Asterisks in ``spans``; what was offered there is offered no longer."""
    comment.offers = as_offers(still_offered(offers_of(comment.offers), spans))
    change_body(comment, apply_mask(comment.body, spans))


def change_body(comment: Comment, body: str) -> None:
    """Saves ``body``, as long as it was, and the comment's offers under its next rev."""
    comment.body = body
    comment.rev += 1
    comment.save(update_fields=["body", "offers", "rev"])


def lock_ticket(ticket: Ticket) -> None:
    """Locks the ticket's row to the end of the transaction."""
    Ticket.objects.select_for_update(no_key=True).values_list("pk").get(pk=ticket.pk)


def kept_for(mask: CommentMask) -> tuple[vault.Holder, str, bytes]:
    """By whom, at which place and as what the original of a mask is kept: what ``vault.unseal`` asks for."""
    return _holder(mask.comment.ticket), _place(mask.comment, mask.start, mask.end), bytes(mask.sealed)


def _comments_as_selected(ticket: Ticket, selections: Sequence[Selection]) -> dict[int, Comment]:
    wanted = ticket.comments.filter(pk__in=[item.seq for item in selections])
    found = {comment.pk: comment for comment in wanted.prefetch_related("masks")}
    require_as_selected(found, selections)
    return found


def _mask_one(comment: Comment, item: Selection, agent: Agent, rules: Rules) -> int:
    taken = [(mask.start, mask.end) for mask in comment.masks.all()]
    spans = selected_spans(comment.body, taken, (item.start, item.end))
    if spans:
        put_on(comment, original=comment.body, spans=named(spans, offers_of(comment.offers), rules), by=agent)
        hide_spans(comment, spans)
    return len(spans)


def _holder(ticket: Ticket) -> vault.Holder:
    return vault.Holder(ticket.service_id, ticket=ticket.pk, customer=ticket.requester_id)


def _place(comment: Comment, start: int, end: int) -> str:
    return f"{comment.pk}:{start}:{end}"
