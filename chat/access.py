"""The chats that a person may see or act in. Nothing else fetches them for a viewer.

What is forbidden looks like what doesn't exist.
"""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404
from django.shortcuts import get_object_or_404

from agents.models import Agent, Service
from chat.canned_response import CannedResponse
from chat.file import ChatFile
from chat.models import Chat, Mask
from chat.rings import Lease
from chat.topics import Assignment
from contiple.base import log_ids, prepared
from helpcenter.customers import is_of_browser, known_by, token_hash
from helpcenter.models import Customer, CustomerNote

# A page that has started a chat connects within a second; a slow phone in a tunnel may need a few tries.
CONNECTS_WITHIN_S = 25


def chats_seen_by(agent: Agent) -> QuerySet[Chat]:
    """The service's chats: every agent of the service may read them. To act in one needs more.

    With what pages say of them; not with the long text of the policy.
    """
    chats = Chat.objects.filter(service=agent.service).defer("policy__text")
    return chats.select_related("customer", "agent__user", "service__contract", "policy", "topic")


def chat_for_agent(agent: Agent, chat_id: int) -> Chat:
    """Raises ``Http404`` if there is no such chat in the agent's service."""
    also = ("service__chat_settings", "evaluation")
    chat = chats_seen_by(agent).select_related(*also).filter(pk=chat_id).first()
    if chat is None:
        raise Http404
    log_ids.about(chat=chat.pk)
    return chat


def customers_seen_by(agent: Agent) -> QuerySet[Customer]:
    """The service's customers: every agent reads all of its chats, and so who wrote them."""
    return Customer.objects.filter(service=agent.service).select_related("service__contract", "merged_into")


def require_customer_information(agent: Agent) -> None:
    """Raises ``Http404`` if the contract has no Customer Information Management."""
    if not agent.service.contract.customer_information:
        raise Http404


def customer_for_agent(agent: Agent, customer_id: int) -> Customer:
    """Raises ``Http404`` if there is no such customer in the agent's service."""
    return get_object_or_404(customers_seen_by(agent), pk=customer_id)


def note_for_agent(agent: Agent, customer_id: int, note_id: int) -> CustomerNote:
    """Raises ``Http404`` for a note that this customer of the agent's service doesn't have (any more)."""
    notes = CustomerNote.objects.select_related("customer__service__contract")
    return get_object_or_404(notes, pk=note_id, customer=customer_id, customer__service=agent.service_id)


def past_chats(member: Customer) -> QuerySet[Chat]:
    """The chats of this customer that have ended; none for anybody whom no site has vouched for.

    The caller has found the customer by a member's session: a link in a mail proves an address alone.
    """
    chats = Chat.objects.filter(service=member.service_id, customer=member, customer__member__isnull=False)
    return chats.filter(state=Chat.State.CLOSED).select_related("agent__user")


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

    A chat whose customer is not there is not in it: who waits counts nobody who is gone. It keeps its turn, and whoever
    comes back in time finds the place again. A chat that has just begun is in it before its page connects.
    """
    is_new = Q(created_at__gt=Now() - timedelta(seconds=CONNECTS_WITHIN_S))
    has_come = Exists(Lease.objects.filter(chat=OuterRef("pk")))
    waiting = Chat.objects.filter(_has_customer() | (is_new & ~has_come))
    return waiting.filter(service=service, state=Chat.State.WAITING).order_by(*Chat.QUEUE_ORDER)


def count_waiting(service_id: int) -> int:
    """Returns how many ``waiting_chats`` there are. Every agent's desk asks, whenever the service has changed."""
    ((number,),) = prepared.fetch(_COUNT_WAITING, [service_id])
    return number


def chats_to_ring(service: Service | int) -> QuerySet[Chat]:
    """The chats of the queue that may ring: their customers are there. Nothing rings for a form that was sent, or for a
    page that was closed.

    Until then a chat keeps its place, and others are served. ``routing.due_queues`` has the same in SQL.
    """
    return waiting_chats(service).filter(_has_customer())


def _has_customer() -> Exists:
    return Exists(Lease.objects.filter(chat=OuterRef("pk"), expires_at__gt=Now()))


def message_mask_for(agent: Agent, mask_id: int) -> Mask:
    """Returns the mask with its message and chat. Raises ``Http404`` for one outside the agent's service."""
    masks = Mask.objects.select_related("message__chat").filter(message__chat__service=agent.service)
    mask = masks.filter(pk=mask_id).first()
    if mask is None:
        raise Http404
    log_ids.about(chat=mask.message.chat_id)
    return mask


def file_for_agent(agent: Agent, file_id: int, *, removed_too: bool = False) -> ChatFile:
    """Raises ``Http404`` for a file outside the agent's service, or one that is not shown (any more)."""
    return _shown_file(Q(chat__service=agent.service_id), file_id, removed_too=removed_too)


def file_for_customer(customer: Customer, file_id: int) -> ChatFile:
    """Raises ``Http404`` for a file outside this customer's chats, or one that is not shown (any more).

    As for ``past_chats``, the caller has found the customer by a member's session.
    """
    return _shown_file(Q(chat__customer=customer, chat__service=customer.service_id), file_id)


def file_of_chat(chat: Chat, file_id: int) -> ChatFile:
    """Raises ``Http404`` for a file outside the chat, or one that is not shown (any more)."""
    return _shown_file(Q(chat=chat), file_id)


def canned_responses_for(agent: Agent) -> QuerySet[CannedResponse]:
    """The canned responses that the agent may send: the own ones, everybody's, and those of the agent's queues."""
    assigned = Assignment.objects.filter(agent=agent)
    serves = Exists(assigned.filter(topic=OuterRef("topic"))) | ~Exists(assigned)
    shared = Q(owner=None) & (Q(topic=None) | Q(serves, topic__removed_at=None))
    return CannedResponse.objects.filter(Q(owner=agent) | shared, service=agent.service_id)


def canned_responses_changed_by(agent: Agent) -> QuerySet[CannedResponse]:
    """The canned responses that the agent may change: the own ones, for admins also everybody's and those of queues."""
    whose = Q(owner=agent) | Q(owner=None) if agent.is_admin else Q(owner=agent)
    return CannedResponse.objects.filter(whose, service=agent.service_id)


def _shown_file(seen: Q, file_id: int, *, removed_too: bool = False) -> ChatFile:
    states = [ChatFile.State.READY, *([ChatFile.State.REMOVED] if removed_too else [])]
    file = ChatFile.objects.filter(seen, pk=file_id, state__in=states).first()
    if file is None:
        raise Http404
    log_ids.about(chat=file.chat_id)
    return file


def chat_of_token(service_slug: str, token: str) -> tuple[int, int, str] | None:
    """Returns id, service and state of ``chat_of`` the customer with this token, if the service runs."""
    if is_of_browser(token):  # nearly every one, and a thousand may come back at once
        rows = prepared.fetch(_CHAT_OF_BROWSER, [token_hash(token), service_slug])
        return tuple(rows[0]) if rows else None
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
# Whether the row ``chat`` is one of ``waiting_chats``; a test compares them.
IS_WAITING_SQL = f"""
chat.state = 'waiting' AND (
    EXISTS (SELECT FROM chat_lease AS here WHERE here.chat_id = chat.id AND here.expires_at > statement_timestamp())
    OR chat.created_at > statement_timestamp() - make_interval(secs => {CONNECTS_WITHIN_S})
        AND NOT EXISTS (SELECT FROM chat_lease AS any_lease WHERE any_lease.chat_id = chat.id)
)
"""  # noqa: S608 - no value comes from outside
_COUNT_WAITING = f"SELECT count(*) FROM chat_chat AS chat WHERE chat.service_id = %s AND {IS_WAITING_SQL}"  # noqa: S608
# As ``known_by`` and ``_OPEN_OR_LAST`` say it; a test compares them.
_CHAT_OF_BROWSER = """
SELECT chat.id, chat.service_id, chat.state
FROM helpcenter_customer AS customer
    JOIN agents_service AS service ON service.id = customer.service_id
    JOIN chat_chat AS chat ON chat.customer_id = customer.id AND chat.service_id = customer.service_id
WHERE customer.token_hash = %s AND (customer.token_ends_at IS NULL OR customer.token_ends_at > statement_timestamp())
    AND service.slug = %s AND NOT service.is_stopped
ORDER BY chat.closed_at DESC NULLS FIRST, chat.id DESC LIMIT 1
"""
