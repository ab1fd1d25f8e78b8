"""Gives chat its links to tickets: to the one made from a chat, to the form that makes it, and to Contact Us."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Agent, Service
from chat.follow_ups import FollowUp, FollowUps, PastContact, Wish
from chat.models import Chat
from helpcenter.models import Customer
from tickets.access import may_create_from_chat
from tickets.answering.links import link_of
from tickets.customer.chat_inquiries import LEFT_INQUIRY
from tickets.customer.inquiries import leave_from_chat
from tickets.models import Ticket


class TicketsOfChats(FollowUps):
    noun = gettext_lazy("Ticket")
    nouns = gettext_lazy("Tickets")
    create_label = gettext_lazy("Create Ticket")
    after_end = gettext_lazy("You can still create a ticket from this chat.")
    icon = "ticket"
    trail_words = {"chat.ticket_created": gettext_lazy("%(actor)s created ticket #%(number)s.")}

    def made_from(self, chats: Sequence[Chat]) -> Mapping[int, FollowUp]:
        tickets = Ticket.objects.filter(chat__in=[chat.pk for chat in chats])
        number = Coalesce("merged_into__number", "number")
        numbers = tickets.values_list("chat", number, "service__slug")
        return {chat: _follow_up(slug, number) for chat, number, slug in numbers}

    def past_of(self, family: Sequence[Customer], others: QuerySet[Customer], most: int) -> Sequence[PastContact]:
        tickets = Ticket.objects.filter(service=family[0].service_id).order_by("-created_at", "-pk")
        tickets = tickets.select_related("service").only("number", "subject", "state", "created_at", "service__slug")
        own = tickets.filter(requester__in=family).annotate(is_own=Value(value=True))[:most]
        apart = tickets.filter(requester__in=others).annotate(is_own=Value(value=False))[:most]
        return [_past_contact(ticket) for ticket in own.union(apart, all=True)]

    def count_of(self, family: Sequence[Customer]) -> int:
        return Ticket.objects.filter(requester__in=family).count()

    def create_url(self, agent: Agent, chat: Chat) -> str:
        if not may_create_from_chat(agent):
            return ""
        return reverse("tickets:create_from_chat", args=[agent.service.slug, chat.pk])

    def customer_url(self, chat: Chat, *, now: datetime) -> str:
        ticket = Ticket.objects.defer("search").select_related("service").filter(chat=chat).first()
        return link_of(ticket, now=now) if ticket else ""

    def inquiry_url(self, service: Service) -> str:
        return reverse("tickets:contact", args=[service.slug])

    def leave_inquiry(self, chat: Chat, wish: Wish) -> None:
        leave_from_chat(chat, wish)

    def inquiry_of(self, chat: Chat) -> str:
        inquiries = Ticket.objects.filter(chat=chat, chat__messages__event=LEFT_INQUIRY)
        number = inquiries.values_list("number", flat=True).first()
        return f"#{number}" if number else ""

    def inquiry_from_chat_url(self, service: Service) -> str:
        return reverse("tickets:contact_from_chat", args=[service.slug])


def _follow_up(service: str, number: int) -> FollowUp:
    url = reverse("tickets:detail", args=[service, number])
    title = _("Ticket #%(number)s") % {"number": number}
    return FollowUp(f"#{number}", title, url, url_with_chat=f"{url}?menu=history")


def _past_contact(ticket: Ticket) -> PastContact:
    return PastContact(
        icon="ticket",
        label=f"{ticket} {ticket.subject}",
        url=reverse("tickets:detail", args=[ticket.service.slug, ticket.number]),
        at=ticket.created_at,
        state=ticket.state,
        state_label=ticket.state_label,
        is_own=ticket.is_own,  # type: ignore[attr-defined]  # annotated
    )
