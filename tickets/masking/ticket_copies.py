"""Hides copies of what somebody masks now wherever a ticket keeps or has sent its texts.

A copy becomes asterisks, and its original is under the mask. Mails that are not made yet are made of these texts. One
that has left can't be changed, but the subject that the outbox shows of it is.
"""

import re
from collections.abc import Callable, Sequence

from agents.outbox.models import OutgoingMail
from chat.masking.copies import NO_COPIES, bounds_of_copies, copies_of
from chat.masking.spans import apply_mask
from tickets.copies import conceal_in_line
from tickets.masking.quoted import conceal_in_received
from tickets.models import Comment, Ticket, TicketMail
from tickets.tags import rename_on

Spans = list[tuple[int, int]]


def hide_copies(ticket: Ticket, originals: Sequence[str], hide_in: Callable[[Comment, Spans], None]) -> None:
    """Puts asterisks over copies of ``originals``; in a comment ``hide_in`` does so. Needs the ticket's row lock.

    White space of any kind and length counts as the same, since a subject is one line of a message.
    """
    copies = copies_of(originals)
    if copies is NO_COPIES:
        return
    _hide_in_ticket(ticket, copies, originals)
    for comment in ticket.comments.prefetch_related("masks"):
        spans = bounds_of_copies(copies, comment.body)
        if apply_mask(comment.body, spans) != comment.body:
            hide_in(comment, spans)
    conceal_in_received(ticket, originals)
    for draft in ticket.drafts.all():
        draft.conceal(lambda text: _without(copies, text))
    for tag in ticket.tags.filter(is_system=False):
        name = _without(copies, tag.name)
        if name != tag.name:
            rename_on(ticket, tag, name)
    hide_in_subjects(ticket, originals)


def hide_in_subjects(ticket: Ticket, originals: Sequence[str]) -> None:
    """Puts asterisks over copies in the subjects of the ticket's mails, as the outbox has them."""
    ids = ticket.mails.filter(direction=TicketMail.Direction.OUT).values("message_id")
    for mail in OutgoingMail.objects.filter(message_id__in=ids).exclude(subject="").only("subject"):
        subject = conceal_in_line(mail.subject, originals)
        if subject != mail.subject:
            OutgoingMail.objects.filter(pk=mail.pk).update(subject=subject)


def _hide_in_ticket(ticket: Ticket, copies: re.Pattern[str], originals: Sequence[str]) -> None:
    ticket.refresh_from_db(fields=["subject", "body"])
    subject, body = conceal_in_line(ticket.subject, originals), _without(copies, ticket.body)
    if (subject, body) != (ticket.subject, ticket.body):
        ticket.subject, ticket.body = subject, body
        ticket.save(update_fields=["subject", "body"])


def _without(copies: re.Pattern[str], text: str) -> str:
    return apply_mask(text, bounds_of_copies(copies, text))
