"""Access to tickets: every active agent of a service sees all of its tickets, and nobody else sees any.

Forbidden and absent look the same: 404.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from agents.chat_permission import may_chat
from agents.models import Agent, Service
from chat.models import Chat
from contiple.base import prepared
from tickets.models import CommentMask, Tag, Ticket


def tickets_for(agent: Agent) -> QuerySet[Ticket]:
    """The tickets that ``agent`` may see, without the search vector, which only the database reads."""
    return Ticket.objects.filter(service=agent.service).defer("search")


def count_answers(agent: Agent) -> int:
    """Returns how many of the agent's own tickets have a customer's answer that nobody has dealt with.

    Every page of the desk asks, and then every 15 s.
    """
    ((number,),) = prepared.fetch(
        "SELECT count(*) FROM tickets_ticket WHERE assignee_id = %s AND has_answer", [agent.pk]
    )
    return number


def ticket_for(agent: Agent, number: int) -> Ticket:
    """The ticket with this number. Raises ``Http404`` if the agent's service has none."""
    shown = ("requester", "assignee__user", "group", "chat", "created_by__user", "follows", "merged_into")
    tickets = tickets_for(agent).select_related(*shown).defer("search", "follows__search", "merged_into__search")
    return get_object_or_404(tickets, number=number)


def comment_mask_for(agent: Agent, mask_id: int) -> CommentMask:
    """Returns the mask. Raises ``Http404`` if no comment in the agent's service has it."""
    masks = CommentMask.objects.select_related("comment__ticket").defer("comment__ticket__search")
    return get_object_or_404(masks, pk=mask_id, comment__ticket__service=agent.service)


def chat_for(agent: Agent, chat_id: int) -> Chat:
    """The chat, open or closed, for a ticket that ``agent`` makes from it. Raises ``Http404`` if the agent may not."""
    if not may_create_from_chat(agent):
        raise Http404
    return get_object_or_404(Chat.objects.select_related("customer"), service=agent.service, pk=chat_id)


def may_create_from_chat(agent: Agent) -> bool:
    """Agents with the chat permission make tickets of chats, and so do admins."""
    return may_chat(agent) or agent.is_admin


def assignable(service: Service, *, also: int | None = None) -> QuerySet[Agent]:
    """The agents who may be given a ticket, by name. ``also`` is its assignee, who stays in the list after leaving."""
    people = service.agents.filter(Q(is_active=True, user__is_active=True) | Q(pk=also))
    return people.select_related("user").order_by("user__name", "pk")


def tags_in_use(service: Service) -> QuerySet[Tag]:
    """The service's tags that are on a ticket, by name."""
    on_ticket = Ticket.tags.through.objects.filter(tag=OuterRef("pk"))
    return Tag.objects.filter(Exists(on_ticket), service=service).order_by("name")
