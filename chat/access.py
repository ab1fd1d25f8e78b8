"""The chats that a person may see or act in. Nothing else fetches them for a viewer.

What is forbidden looks like what doesn't exist.
"""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404

from agents.models import Agent, Service
from chat.models import Chat, Mask
from chat.rings import Lease
from contiple.base import log_ids
from helpcenter.customers import known_by
from helpcenter.models import Customer

# A page that has started a chat connects within a second; a slow phone in a tunnel may need a few tries.
CONNECTS_WITHIN_S = 25


def chats_seen_by(agent: Agent) -> QuerySet[Chat]:
    """The service's chats: every agent of the service may read them. To act in one needs more."""
    return Chat.objects.filter(service=agent.service).select_related(
        "customer", "agent__user", "service__contract", "policy"
    )


def chat_for_agent(agent: Agent, chat_id: int) -> Chat:
    """Raises ``Http404`` if there is no such chat in the agent's service."""
    chat = chats_seen_by(agent).filter(pk=chat_id).first()
    if chat is None:
        raise Http404
    log_ids.about(chat=chat.pk)
    return chat


def open_chats_of(agent: Agent) -> QuerySet[Chat]:
    """The agent's Active Chats: ringing ones first, then in the order of the queue."""
    chats = chats_seen_by(agent).filter(agent=agent).exclude(state=Chat.State.CLOSED)
    return chats.order_by("-state", *Chat.QUEUE_ORDER)


def chats_of_others(agent: Agent) -> QuerySet[Chat]:
    """The service's other open chats, for its admins: waiting, ringing, open; each in the order of the queue."""
    chats = chats_seen_by(agent).exclude(state=Chat.State.CLOSED).exclude(agent=agent)
    return chats.order_by("-state", *Chat.QUEUE_ORDER)


def waiting_chats(service: Service | int) -> QuerySet[Chat]:
    """The waiting chats of the service, as they came. ``routing.order`` has the order in which they are served.

    A chat whose customer has never connected is not in it: its page never learned that the chat had begun.
    """
    is_new = Q(created_at__gt=Now() - timedelta(seconds=CONNECTS_WITHIN_S))
    waiting = Chat.objects.filter(is_new | Exists(Lease.objects.filter(chat=OuterRef("pk"))))
    return waiting.filter(service=service, state=Chat.State.WAITING).order_by(*Chat.QUEUE_ORDER)


def chats_to_ring(service: Service | int) -> QuerySet[Chat]:
    """The chats of the queue that may ring: their customers have connected. Nothing rings for a form that was sent.

    Until then a chat keeps its place, and others are served. ``routing.due_queues`` has the same in SQL.
    """
    return waiting_chats(service).filter(Exists(Lease.objects.filter(chat=OuterRef("pk"))))


def message_mask_for(agent: Agent, mask_id: int) -> Mask:
    """Returns the mask with its message and chat. Raises ``Http404`` for one outside the agent's service."""
    masks = Mask.objects.select_related("message__chat").filter(message__chat__service=agent.service)
    mask = masks.filter(pk=mask_id).first()
    if mask is None:
        raise Http404
    log_ids.about(chat=mask.message.chat_id)
    return mask


def chat_of_token(service_slug: str, token: str) -> tuple[int, int, str] | None:
    """Returns id, service and state of ``chat_of`` the customer with this token, if the service runs."""
    chats = Chat.objects.filter(known_by(token, "customer__"), service__slug=service_slug)
    chats = chats.filter(service__is_stopped=False, customer__service=F("service"))
    return chats.order_by(*_OPEN_OR_LAST).values_list("pk", "service", "state").first() if token else None


def chat_of(customer: Customer) -> Chat | None:
    """The customer's open chat, else the last one."""
    chats = Chat.objects.filter(customer=customer).select_related(
        "customer", "agent__user", "service__contract", "service__chat_settings"
    )
    chat = chats.order_by(*_OPEN_OR_LAST).first()
    log_ids.about(chat=chat.pk if chat else None)
    return chat


# A customer has at most one open chat, and an open chat has no ``closed_at``.
_OPEN_OR_LAST = (F("closed_at").desc(nulls_first=True), "-pk")
