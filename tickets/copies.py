"""Finds copies of what is masked by hand in a ticket's chat, and takes the locks that this needs."""

import re
from collections.abc import Sequence

from chat.conversation.message_masks import masked_originals
from chat.models import Chat
from tickets.models import Ticket

# A single character says nothing by itself, and would be starred all over the ticket.
SHORTEST = 2
NO_COPIES = re.compile(r"(?!)")  # finds nothing


def lock_with_chat(ticket: Ticket) -> re.Pattern[str]:
    """Locks the ticket's chat and then the ticket; returns a pattern for copies of what is masked in that chat by hand.

    Needed before saving a text that may be older than a mask, or repeat what is under it: no mask comes in between.
    """
    copies = NO_COPIES
    if ticket.chat_id is not None:
        chat = Chat.objects.select_for_update(no_key=True).get(pk=ticket.chat_id)
        copies = copies_of(masked_originals(chat))
    lock_ticket(ticket)
    return copies


def lock_ticket(ticket: Ticket) -> None:
    """Locks the ticket's row to the end of the transaction."""
    Ticket.objects.select_for_update(no_key=True).values_list("pk").get(pk=ticket.pk)


def copies_of(originals: Sequence[str]) -> re.Pattern[str]:
    """Returns a pattern that finds copies of ``originals``."""
    words = [original.split() for original in originals if len(original.strip()) >= SHORTEST]
    # The longest first: a shorter one inside it must not leave the rest readable.
    parts = sorted((r"\s+".join(map(re.escape, each)) for each in words), key=len, reverse=True)
    return re.compile("|".join(parts)) if parts else NO_COPIES


def bounds_of_copies(copies: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in copies.finditer(text)]
