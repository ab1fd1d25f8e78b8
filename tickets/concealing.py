"""What is masked in a chat is masked in its ticket: the ticket's texts may repeat what was said."""

import re
from collections.abc import Sequence

from chat.models import Chat
from chat.spans import MASK_CHARACTER
from tickets.models import Comment, Ticket

# A single character says nothing by itself, and would be starred all over the ticket.
SHORTEST = 2


def conceal_copies(chat: Chat, originals: Sequence[str]) -> None:
    """Stars every copy of ``originals`` in the subject, description and comments of the chat's ticket.

    ``chat.masking`` calls it in the transaction of the mask, under the chat's row lock. A subject is one line of a
    message: white space of any kind and length counts as the same.
    """
    pattern = _pattern(originals)
    ticket = Ticket.objects.select_for_update(no_key=True).filter(chat=chat).defer("search").first()
    if pattern is None or ticket is None:
        return
    _star(ticket, pattern, "subject", "body")
    for comment in Comment.objects.filter(ticket=ticket):
        _star(comment, pattern, "body")


def _pattern(originals: Sequence[str]) -> re.Pattern[str] | None:
    words = [original.split() for original in originals if len(original.strip()) >= SHORTEST]
    # The longest first: a shorter one inside it must not leave its rest.
    parts = sorted((r"\s+".join(map(re.escape, each)) for each in words), key=len, reverse=True)
    return re.compile("|".join(parts)) if parts else None


def _star(row: Ticket | Comment, pattern: re.Pattern[str], *fields: str) -> None:
    changed = {name: pattern.sub(_stars, getattr(row, name)) for name in fields}
    changed = {name: text for name, text in changed.items() if text != getattr(row, name)}
    for name, text in changed.items():
        setattr(row, name, text)
    if changed:
        row.save(update_fields=list(changed))


def _stars(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", MASK_CHARACTER, match.group())
