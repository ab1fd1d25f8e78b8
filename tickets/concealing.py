"""Masks in a chat's ticket what is masked in the chat: the ticket's texts may repeat it.

A copy becomes asterisks and nothing else: its original is shown in the chat. It is looked for when somebody masks, and
when a customer's form brings the chat's words along; never when an agent writes (``chat/masking/README.md``).
"""

from collections.abc import Sequence

from chat.conversation.message_masks import originals_of_customer
from chat.masking import engine
from chat.masking.spans import apply_mask
from chat.models import Chat
from tickets.comment_masks import Comments
from tickets.copies import NO_COPIES, bounds_of_copies, conceal_in_line, copies_of
from tickets.mail.quoted import conceal_in_received
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


def conceal_words_of_customer(ticket: Ticket, chat: Chat) -> None:
    """Hides in the ticket of an inquiry copies of what was masked by hand among the customer's own words in the chat.

    The form that the customer sends may be older than the mask. Needs the chat's row lock.
    """
    _conceal_in(ticket, originals_of_customer(chat))


def _conceal_in(ticket: Ticket, originals: Sequence[str]) -> None:
    copies = copies_of(originals)
    if copies is NO_COPIES:
        return
    ticket.subject = conceal_in_line(ticket.subject, originals)
    ticket.body = apply_mask(ticket.body, bounds_of_copies(copies, ticket.body))
    ticket.save(update_fields=["subject", "body"])
    comments = Comments(ticket)
    for comment in ticket.comments.all():
        spans = bounds_of_copies(copies, comment.body)
        if apply_mask(comment.body, spans) != comment.body:
            engine.hide(comments, comment, spans)
    conceal_in_received(ticket, originals)
    for tag in ticket.tags.filter(is_system=False):
        name = apply_mask(tag.name, bounds_of_copies(copies, tag.name))
        if name != tag.name:
            rename_on(ticket, tag, name)
