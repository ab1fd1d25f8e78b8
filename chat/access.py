"""Which chats somebody may see and act in. Nobody else fetches them for a viewer; forbidden looks like absent."""

from django.db.models import F, QuerySet
from django.http import Http404

from agents.models import Agent
from chat.models import Chat, Mask
from helpcenter.customers import token_hash
from helpcenter.models import Customer


def chats_seen_by(agent: Agent) -> QuerySet[Chat]:
    """A desk is shared: every agent of the service may read its chats. To act in one needs more (``chat_held_by``)."""
    return Chat.objects.filter(service=agent.service).select_related(
        "customer", "agent__user", "service__contract", "policy"
    )


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


def message_mask_for(agent: Agent, mask_id: int) -> Mask:
    """Returns the mask with its message and chat. Raises ``Http404`` for one outside the agent's service."""
    masks = Mask.objects.select_related("message__chat").filter(message__chat__service=agent.service)
    mask = masks.filter(pk=mask_id).first()
    if mask is None:
        raise Http404
    return mask


def chat_of_token(service_slug: str, token: str) -> tuple[int, int, str] | None:
    """The chat of the customer who holds this token in this running service, as ``chat_of``: id, service and state."""
    chats = Chat.objects.filter(customer__token_hash=token_hash(token), service__slug=service_slug)
    chats = chats.filter(service__is_stopped=False, customer__service=F("service"))
    return chats.order_by(*_OPEN_OR_LAST).values_list("pk", "service", "state").first() if token else None


def chat_of(customer: Customer) -> Chat | None:
    """The customer's open chat, else the last one."""
    chats = Chat.objects.filter(customer=customer).select_related("customer", "agent__user", "service__contract")
    return chats.order_by(*_OPEN_OR_LAST).first()


# A customer has at most one open chat, and what is open has not been closed.
_OPEN_OR_LAST = (F("closed_at").desc(nulls_first=True), "-pk")
