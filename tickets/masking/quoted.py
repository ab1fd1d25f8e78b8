"""Masks in received mails what is masked in their ticket's comments and chat: quotes and names of files repeat it."""

import re
from collections.abc import Iterator, Sequence

from chat.masking.copies import bounds_of_copies, copies_of
from chat.masking.spans import MASK_CHARACTER, apply_mask
from chat.models import Mask
from tickets.models import CommentMask, Ticket

MASKS_LOOKED_AT = 200  # the newest of comments, and of chats; each is one search through the text
AROUND = 24  # code points before and after a mask by which its place is found in a quote
AROUND_MIN = 4  # that must be words: fewer would be found anywhere
# Where a program wraps a line of a quote, it writes a line end and marks for the one space that was there.
_GAP = r"[\s>|]+"
_SIGN = r"(?:[^\n]|\n[>| \t]*)"


def conceal_in_received(ticket: Ticket, originals: Sequence[str]) -> None:
    """Puts asterisks over copies of ``originals`` in the mails of the ticket, and of those that follow it.

    An agent has just masked them by hand, and sees them. Needs the ticket's row lock.
    """
    copies = copies_of(originals, gap=_GAP)
    for each in (ticket, *_followers(ticket)):
        for mail in each.received.all():
            mail.conceal(lambda text: apply_mask(text, bounds_of_copies(copies, text)))


def conceal_quotes(ticket: Ticket, text: str) -> str:
    """Returns ``text`` with asterisks where it quotes what is masked in the ticket, in those that it follows, or in
    their chats.

    No original is opened: the place is known by the words around the mask, so nobody can try out what is under it.
    """
    tickets = [ticket.pk]
    while ticket.follows is not None and len(tickets) < 10:
        ticket = ticket.follows
        tickets.append(ticket.pk)
    for body, start, end in _masks_in(tickets) if text else ():
        place = _place_of(body, start, end)
        text = apply_mask(text, [found.span(1) for found in place.finditer(text)] if place else [])
    return text


def _masks_in(tickets: list[int]) -> Iterator[tuple[str, int, int]]:
    """Yields the newest masks, each with the body that it is in."""
    in_comments = CommentMask.objects.filter(comment__ticket__in=tickets)
    yield from in_comments.order_by("-pk").values_list("comment__body", "start", "end")[:MASKS_LOOKED_AT]
    in_chats = Mask.objects.filter(message__chat__ticket__in=tickets)
    yield from in_chats.order_by("-pk").values_list("message__body", "start", "end")[:MASKS_LOOKED_AT]


def _followers(ticket: Ticket) -> list[Ticket]:
    found: list[Ticket] = []
    latest = [ticket]
    while latest and len(found) < 100:
        latest = list(Ticket.objects.filter(follows__in=latest).defer("search"))
        found += latest
    return found


def _place_of(body: str, start: int, end: int) -> re.Pattern[str] | None:
    """Returns a pattern for a quote of the place, whose first group is what is masked there."""
    before, after = body[max(0, start - AROUND) : start], body[end : end + AROUND]
    if len(re.sub(rf"[\s{re.escape(MASK_CHARACTER)}]", "", before + after)) < AROUND_MIN:
        return None
    return re.compile(f"{_quoted(before)}({_SIGN}{{{end - start}}}){_quoted(after)}")


def _quoted(words: str) -> str:
    """Returns a pattern for words as a quote repeats them. Asterisks stand for whatever was there when it was sent."""
    pieces = re.split(r"(\s+)", words)
    return "".join(_GAP if piece.isspace() else _escaped(piece) for piece in pieces if piece)


def _escaped(piece: str) -> str:
    return "".join(_SIGN if sign == MASK_CHARACTER else re.escape(sign) for sign in piece)
