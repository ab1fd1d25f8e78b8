"""Masks in the comments of a ticket: what ``chat.masking`` is told about them.

Originals are sealed under a data key of the ticket's own, which also goes with the ticket's chat.
"""

from collections.abc import Collection, Sequence
from typing import Any, Self

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from agents.models import Agent, Service
from chat.conversation.message_masks import CHAT, masked_originals
from chat.masking import engine
from chat.masking.copies import NO_COPIES, bounds_of_copies, copies_of
from chat.masking.holders import Holder, HolderKind, Link
from chat.masking.offers import offers_of
from chat.masking.rules import Masked, rules_of
from chat.masking.selections import Selection, named
from chat.masking.texts import Texts
from chat.models import Chat
from chat.people import notes
from contiple.base.errors import Conflict
from tickets.access import comment_mask_for
from tickets.copies import lock_ticket
from tickets.masking.ticket_copies import hide_copies
from tickets.models import Comment, CommentMask, Ticket
from tickets.triage.merging import family_of

TICKET = "ticket"


class Comments(Texts):
    """The comments of a ticket, which are known by their primary keys."""

    mask_model, text_field = CommentMask, "comment"

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(holder_of(ticket))
        self.ticket = ticket
        self.copies = NO_COPIES  # of what is masked by hand in the ticket's chat

    @classmethod
    def mask_for(cls, agent: Agent, mask_id: int) -> CommentMask:
        return comment_mask_for(agent, mask_id)

    @classmethod
    def around(cls, mask: CommentMask) -> Self:
        return cls(mask.comment.ticket)

    def lock(self) -> None:
        lock_ticket(self.ticket)

    def lock_to_lift(self) -> None:
        chats = Chat.objects.filter(ticket__in=family_of(self.ticket).order_by()).order_by("pk")
        originals = [masked_originals(chat) for chat in chats.select_for_update(no_key=True, of=("self",))]
        self.copies = copies_of([original for each in originals for original in each])
        self.lock()

    def find(self, ids: Collection[int]) -> dict[int, Comment]:
        return self.ticket.comments.prefetch_related("masks").in_bulk(ids)

    def id_of(self, text: Comment) -> int:
        return text.pk

    @property
    def facts(self) -> dict[str, Any]:
        return {"number": self.ticket.number}

    def facts_of(self, text: Comment) -> dict[str, Any]:
        return {"comment": text.pk, "number": self.ticket.number, "customer": self.ticket.requester_id}

    def save(self, text: Comment) -> None:
        text.rev += 1
        text.save(update_fields=["body", "offers", "rev"])

    def conceal_copies(self, originals: Sequence[str]) -> None:
        """In comments a copy gets a mask of its own, which can be looked under and lifted as any other."""
        hide_copies(self.ticket, originals, self._mask_copy)
        if self.ticket.requester_id:
            notes.conceal_copies(self.ticket.requester_id, originals)

    def _mask_copy(self, comment: Comment, spans: Sequence[tuple[int, int]]) -> None:
        """Leaves what touches another mask: somebody typed an asterisk, and that mask begins with one."""
        taken = [(mask.start, mask.end) for mask in comment.masks.all()]
        free = [it for it in spans if not any(it[0] < end and start < it[1] for start, end in taken)]
        new = named(free, offers_of(comment.offers), rules_of(self.holder.service))
        engine.put_on(self, comment, new, original=comment.body)
        engine.hide(self, comment, free)

    def require_liftable(self, body: str, start: int, end: int) -> None:
        if any(first < end and start < last for first, last in bounds_of_copies(self.copies, body)):
            raise Conflict(_("This is also masked in the chat. Remove the mask there first."))


class TicketKeys(HolderKind):
    """The data keys of tickets: a ticket's originals are kept for so many days after the last one was sealed."""

    name = TICKET

    def customer_of(self, number: int) -> int | None:
        return Ticket.objects.values_list("requester", flat=True).filter(pk=number).first()

    def links(self, service: Service, numbers: Collection[int]) -> dict[int, Link]:
        found = Ticket.objects.filter(service=service, pk__in=numbers).values_list("pk", "number")
        return {pk: _link(service, number) for pk, number in found}

    def abouts(self, numbers: Collection[int]) -> dict[int, str]:
        return dict(Ticket.objects.filter(pk__in=numbers).values_list("pk", "subject"))

    def going_with(self, holder: Holder) -> QuerySet:
        tickets = Ticket.objects.filter(chat=holder.number) if holder.kind == CHAT else Ticket.objects.none()
        return tickets.values("pk")


def holder_of(ticket: Ticket) -> Holder:
    return Holder(ticket.service_id, TICKET, ticket.pk)


def put_on(comment: Comment, *, original: str, spans: Sequence[Masked]) -> list[CommentMask]:
    """Stores masks over ``spans`` of a new comment. Needs the ticket's row lock."""
    return engine.put_on(Comments(comment.ticket), comment, spans, original=original)


def mask_comments(agent: Agent, ticket: Ticket, selections: Sequence[Selection]) -> int:
    """Masks what ``agent`` selected in comments. The caller has checked that the agent sees the ticket."""
    return engine.mask_selections(agent, Comments(ticket), selections)


def reveal(agent: Agent, mask_id: int, *, address: str | None) -> str:
    return engine.reveal(agent, Comments, mask_id, address=address)


def lift(agent: Agent, mask_id: int, *, address: str | None) -> None:
    engine.lift(agent, Comments, mask_id, address=address)


def _link(service: Service, number: int) -> Link:
    return Link(_("Ticket #%(number)s") % {"number": number}, reverse("tickets:detail", args=[service.slug, number]))
