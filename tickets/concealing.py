"""Masks in a chat's ticket what is masked in the chat: the ticket's texts may repeat it.

A copy becomes asterisks and nothing else: its original is shown in the chat.
"""

from collections.abc import Sequence

from chat.conversation.message_masks import masked_originals
from chat.masking import engine
from chat.masking.spans import apply_mask
from chat.models import Chat
from tickets.comment_masks import Comments
from tickets.copies import NO_COPIES, bounds_of_copies, copies_of
from tickets.models import Ticket
from tickets.tags import rename_on


def conceal_copies(chat: Chat, originals: Sequence[str]) -> None:
    """Puts asterisks over copies of ``originals`` in the subject, description, comments and tags of the chat's ticket.

    ``chat.conversation.message_masks`` calls it in the transaction of the mask, under the chat's row lock. White space
    of any kind and length counts as the same, since a subject is one line of a message.
    """
    ticket = Ticket.objects.select_for_update(no_key=True).filter(chat=chat).defer("search").first()
    if ticket is not None:
        _conceal_in(ticket, originals)


def conceal_copies_in(ticket: Ticket, chat: Chat) -> None:
    """Hides in a ticket that is not the chat's copies of what was masked in the chat by hand until now.

    Needs the chat's row lock.
    """
    _conceal_in(ticket, masked_originals(chat))


def _conceal_in(ticket: Ticket, originals: Sequence[str]) -> None:
    copies = copies_of(originals)
    if copies is NO_COPIES:
        return
    in_subject = [*bounds_of_copies(copies, ticket.subject), *_begun_copies(originals, ticket.subject)]
    ticket.subject = apply_mask(ticket.subject, in_subject)
    ticket.body = apply_mask(ticket.body, bounds_of_copies(copies, ticket.body))
    ticket.save(update_fields=["subject", "body"])
    comments = Comments(ticket)
    for comment in ticket.comments.all():
        spans = bounds_of_copies(copies, comment.body)
        if apply_mask(comment.body, spans) != comment.body:
            engine.hide(comments, comment, spans)
    for tag in ticket.tags.filter(is_system=False):
        name = apply_mask(tag.name, bounds_of_copies(copies, tag.name))
        if name != tag.name:
            rename_on(ticket, tag, name)


def _begun_copies(originals: Sequence[str], subject: str) -> list[tuple[int, int]]:
    """Returns spans at the end of a subject that was cut within a copy."""
    if not subject.endswith("…"):
        return []
    lines, cut = [" ".join(original.split()) for original in originals], len(subject) - 1
    return [(start, cut) for start in range(cut) if any(line.startswith(subject[start:cut]) for line in lines)]
