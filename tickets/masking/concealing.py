"""Masks in a chat's ticket what is masked in the chat: the ticket's texts may repeat it.

A copy becomes asterisks and nothing else: its original is shown in the chat. It is looked for when somebody masks, and
when a customer's form brings the chat's words along; never when an agent writes (``chat/masking/README.md``).
"""

from collections.abc import Sequence
from functools import partial

from chat.conversation.message_masks import originals_of_customer
from chat.masking import engine
from chat.models import Chat
from tickets.listing.chat_words import forget_words
from tickets.masking.comment_masks import Comments
from tickets.masking.ticket_copies import hide_copies
from tickets.models import Ticket
from tickets.triage.merging import family_of


def conceal_copies(chat: Chat, originals: Sequence[str]) -> None:
    """Puts asterisks over copies of ``originals`` in the texts of the chat's ticket, and of those it is merged with.

    ``chat.conversation.message_masks`` calls it in the transaction of the mask, under the chat's row lock.
    """
    forget_words(chat)
    ticket = Ticket.objects.filter(chat=chat).defer("search").first()
    for each in family_of(ticket).select_for_update(no_key=True) if ticket else []:
        _hide_in(each, originals)


def conceal_words_of_customer(ticket: Ticket, chat: Chat) -> None:
    """Hides in the ticket of an inquiry copies of what was masked by hand among the customer's own words in the chat.

    The form that the customer sends may be older than the mask. Needs the chat's row lock.
    """
    _hide_in(ticket, originals_of_customer(chat))


def _hide_in(ticket: Ticket, originals: Sequence[str]) -> None:
    hide_copies(ticket, originals, partial(engine.hide, Comments(ticket)))
