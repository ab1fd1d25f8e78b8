"""Brings open chats in line with the gates and the clocks, no matter what has changed one of them."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from agents.chat_permission import permitted_agents
from agents.models import Agent
from chat.conversation import live
from chat.lifecycle.transitions import close_chat, pass_on_each
from chat.models import Chat, Lease, Ring
from chat.routing import presence
from chat.routing.assignment import RING_TIMEOUT_S, assign_waiting_chats
from chat.states import State
from contiple.base import clock

# An agent's opened chats are passed on this long after the lease: a laptop that wakes up again keeps them.
AGENT_GRACE_S = 60
# An agent who has been gone for this long is set Offline; the next sign-in starts Offline.
OFFLINE_AFTER_S = 15 * 60
# A chat that waits doesn't ring for a customer who has left; in a running chat the customer has longer to come back.
WAITING_CUSTOMER_GRACE_S = 3 * 60
ACTIVE_CUSTOMER_GRACE_S = 30 * 60


def reconcile(now: datetime | None = None) -> None:
    """Brings every open chat in line with the gates and the clocks. Run it every second; twice at once is harmless.

    It looks at the state: it doesn't matter whether a page, the operator or SQL changed a gate.
    """
    now = now or clock.database_now()
    # Ends come first: each chat that is taken from an agent starts the router on the queue.
    _close_chats_without_contract()
    _close_chats_of_gone_customers()
    _take_from_agents_without_permission()
    _take_rings(now)
    _take_from_gone_agents()
    _set_gone_agents_offline()
    for service_id in Chat.objects.filter(state=State.WAITING).values_list("service", flat=True).distinct():
        assign_waiting_chats(service_id)


def _close_chats_without_contract() -> None:
    open_chats = Chat.objects.exclude(state=State.CLOSED)
    without = open_chats.exclude(service__contract__chat=True, service__is_stopped=False)
    for chat_id in without.values_list("pk", flat=True):
        close_chat(chat_id, by=Chat.ClosedBy.SERVICE)


def _take_from_agents_without_permission() -> None:
    is_permitted = permitted_agents().filter(pk=OuterRef("agent"))
    leases = Lease.objects.filter(~Exists(is_permitted), agent__isnull=False)
    for agent_id in set(leases.values_list("agent", flat=True)):
        Lease.objects.filter(agent=agent_id).delete()
        live.publish(live.agent_topic(agent_id), live.Touched())
    held = Chat.objects.filter(~Exists(is_permitted), state__in=[State.RINGING, State.ACTIVE])
    pass_on_each(held, Ring.Outcome.GONE)


def _take_rings(now: datetime) -> None:
    ringing = Chat.objects.filter(state=State.RINGING)
    pass_on_each(ringing.filter(ringing_since__lt=now - timedelta(seconds=RING_TIMEOUT_S)), Ring.Outcome.MISSED)
    pass_on_each(ringing.filter(_agent_is_gone_for(0)), Ring.Outcome.GONE)
    pass_on_each(ringing.exclude(agent__chat_status=Agent.ChatStatus.ONLINE), Ring.Outcome.GONE)


def _take_from_gone_agents() -> None:
    active = Chat.objects.filter(_agent_is_gone_for(AGENT_GRACE_S), state=State.ACTIVE)
    pass_on_each(active, Ring.Outcome.GONE)


def _agent_is_gone_for(seconds: int) -> Exists:
    return Exists(presence.agents_gone_for(seconds).filter(pk=OuterRef("agent")))


def _close_chats_of_gone_customers() -> None:
    """Waiting chats end first: the end of others makes room, and no chat may ring for a customer who has left."""
    graces = {
        State.WAITING: WAITING_CUSTOMER_GRACE_S,
        State.RINGING: WAITING_CUSTOMER_GRACE_S,
        State.ACTIVE: ACTIVE_CUSTOMER_GRACE_S,
    }
    for state, seconds in graces.items():
        for chat_id in presence.customers_gone_for(seconds).filter(state=state).values_list("pk", flat=True):
            close_chat(chat_id, by=Chat.ClosedBy.TIMEOUT)


def _set_gone_agents_offline() -> None:
    gone = presence.agents_gone_for(OFFLINE_AFTER_S).exclude(chat_status=Agent.ChatStatus.OFFLINE)
    gone.filter(chat_idle_since__lt=timezone.now() - timedelta(seconds=OFFLINE_AFTER_S)).update(
        chat_status=Agent.ChatStatus.OFFLINE
    )
