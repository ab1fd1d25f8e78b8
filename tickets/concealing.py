"""What is masked in a chat is masked in its ticket: the ticket's texts may repeat what was said.

A copy becomes asterisks and nothing else: its original is looked at in the chat.
"""

import re
from collections.abc import Sequence

from chat.masking import masked_originals
from chat.models import Chat
from chat.spans import apply_mask
from tickets.comment_masks import hide_spans, hold_ticket
from tickets.models import Tag, Ticket
from tickets.tags import tag_named

# A single character says nothing by itself, and would be starred all over the ticket.
SHORTEST = 2
NO_COPIES = re.compile(r"(?!)")  # finds nothing


def conceal_copies(chat: Chat, originals: Sequence[str]) -> None:
    """Stars every copy of ``originals`` in the subject, description, comments and tags of the chat's ticket.

    ``chat.masking`` calls it in the transaction of the mask, under the chat's row lock. A subject is one line of a
    message: white space of any kind and length counts as the same.
    """
    copies = copies_of(originals)
    ticket = Ticket.objects.select_for_update(no_key=True).filter(chat=chat).defer("search").first()
    if ticket is None or copies is NO_COPIES:
        return
    in_subject = [*bounds_of_copies(copies, ticket.subject), *_begun_copies(originals, ticket.subject)]
    ticket.subject = apply_mask(ticket.subject, in_subject)
    ticket.body = apply_mask(ticket.body, bounds_of_copies(copies, ticket.body))
    ticket.save(update_fields=["subject", "body"])
    for comment in ticket.comments.all():
        spans = bounds_of_copies(copies, comment.body)
        if apply_mask(comment.body, spans) != comment.body:
            hide_spans(comment, spans)
    for tag in ticket.tags.filter(is_system=False):
        _conceal_tag(ticket, tag, apply_mask(tag.name, bounds_of_copies(copies, tag.name)))


def hold_with_chat(ticket: Ticket) -> re.Pattern[str]:
    """Locks the ticket's chat, and then the ticket; returns what finds copies of what is masked in that chat by hand.

    For a text that may be older than a mask, or repeat what is under it: no mask comes between reading and saving.
    """
    copies = NO_COPIES
    if ticket.chat_id is not None:
        chat = Chat.objects.select_for_update(no_key=True).get(pk=ticket.chat_id)
        copies = copies_of(masked_originals(chat))
    hold_ticket(ticket)
    return copies


def copies_of(originals: Sequence[str]) -> re.Pattern[str]:
    """What finds copies of ``originals``."""
    words = [original.split() for original in originals if len(original.strip()) >= SHORTEST]
    # The longest first: a shorter one inside it must not leave its rest.
    parts = sorted((r"\s+".join(map(re.escape, each)) for each in words), key=len, reverse=True)
    return re.compile("|".join(parts)) if parts else NO_COPIES


def bounds_of_copies(copies: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in copies.finditer(text)]


def _conceal_tag(ticket: Ticket, tag: Tag, name: str) -> None:
    """The ticket's tag becomes another one; on other tickets, where it says something else, it stays."""
    if name == tag.name:
        return
    ticket.tags.remove(tag)
    ticket.tags.add(tag_named(ticket.service, name))
    if not tag.tickets.exists():
        tag.delete()


def _begun_copies(originals: Sequence[str], subject: str) -> list[tuple[int, int]]:
    """Where a subject that was cut ends within a copy."""
    if not subject.endswith("…"):
        return []
    lines, cut = [" ".join(original.split()) for original in originals], len(subject) - 1
    return [(start, cut) for start in range(cut) if any(line.startswith(subject[start:cut]) for line in lines)]
