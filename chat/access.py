"""Which chats somebody may see and act in. Nobody else fetches chats for a viewer; forbidden looks like absent."""

from django.db.models import F, QuerySet
from django.http import Http404

from agents.models import Agent
from chat.models import Chat
from helpcenter.models import Customer


def chats_seen_by(agent: Agent) -> QuerySet[Chat]:
    """A desk is shared: every agent of the service may read its chats. To act in one needs more (``chat_held_by``)."""
    return Chat.objects.filter(service=agent.service).select_related(
        "customer", "agent__user", "service__contract", "policy"
    )


def chat_in_service(service_id: int, chat_id: int) -> Chat:
    """As ``chat_for_agent``, for an agent of this service whose rights have just been read; nothing is joined to it."""
    chat = Chat.objects.filter(service=service_id, pk=chat_id).first()
    if chat is None:
        raise Http404
    return chat


def chat_for_agent(agent: Agent, chat_id: int) -> Chat:
    """Raises ``Http404`` for another service's chat as for none."""
    chat = chats_seen_by(agent).filter(pk=chat_id).first()
    if chat is None:
        raise Http404
    return chat


def open_chats_of(agent: Agent) -> QuerySet[Chat]:
    """What stands in the agent's Active Chats: ringing first, then the longest waiting."""
    chats = chats_seen_by(agent).filter(agent=agent).exclude(state=Chat.State.CLOSED)
    return chats.order_by("-state", "waiting_since", "pk")


def chats_of_others(agent: Agent) -> QuerySet[Chat]:
    """The service's other open chats, for its admins: waiting, ringing, open; the longest waiting first."""
    chats = chats_seen_by(agent).exclude(state=Chat.State.CLOSED).exclude(agent=agent)
    return chats.order_by("-state", "waiting_since", "pk")


def chat_of(customer: Customer) -> Chat | None:
    """The customer's open chat, else the last one."""
    chats = Chat.objects.filter(customer=customer).select_related("customer", "agent__user", "service__contract")
    return chats.order_by(F("closed_at").desc(nulls_first=True), "-pk").first()
