"""Brings open chats in line with the gates and the clocks, no matter what has changed one of them."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from agents.chat_permission import permitted_agents
from agents.models import Agent
from chat.conversation import live
from chat.lifecycle.transitions import Held, close_chat, pass_on
from chat.models import Chat
from chat.rings import Lease, Ring
from chat.routing import jobs, presence
from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.due_queues import assignments
from chat.routing.jobs import Job, Memory
from chat.states import State
from contiple.base import prepared

# An agent's opened chats are passed on this long after the lease: a laptop that wakes up again keeps them.
AGENT_GRACE_S = 60
# An agent who has been gone for this long is set Offline; the next sign-in starts Offline.
OFFLINE_AFTER_S = 15 * 60
# A chat that waits doesn't ring for a customer who has left; in a running chat the customer has longer to come back.
WAITING_CUSTOMER_GRACE_S = 3 * 60
ACTIVE_CUSTOMER_GRACE_S = 30 * 60


def reconcile(memory: Memory | None = None) -> None:
    """Brings every open chat in line with the gates and the clocks. Run it every second; twice at once is harmless.

    It looks at the state, in a few statements for all services: it doesn't matter whether a page, the operator or SQL
    changed a gate. With the ``memory`` of the last time, queues where nothing is new are left alone.
    """
    memory = memory or Memory()
    # Ends come first: each chat that is taken from an agent starts the router on the queue.
    left = jobs.run([*_ends(), *_agents_without_permission(), *_takings(), *_gone_online_agents()], memory)
    # Where an end is left for later, nothing may ring for a customer who has gone.
    for due in assignments(memory):
        jobs.run([job for job in due if job.service_id not in left], memory)


def _ends() -> Iterator[Job]:
    """Waiting chats end first: the end of others makes room, and no chat may ring for a customer who has left."""
    whys = {
        _chats_without_contract: Chat.ClosedBy.SERVICE,
        _chats_waiting_for_nobody: Chat.ClosedBy.TIMEOUT,
        _chats_left_by_customer: Chat.ClosedBy.TIMEOUT,
    }
    for find, by in whys.items():
        for service_id, chat_id in prepared.fetch_found(find, "service", "pk"):
            yield Job(service_id, partial(close_chat, chat_id, by=by))


def _chats_without_contract() -> QuerySet[Chat]:
    open_chats = Chat.objects.exclude(state=State.CLOSED)
    return open_chats.exclude(service__contract__chat=True, service__is_stopped=False)


def _chats_waiting_for_nobody() -> QuerySet[Chat]:
    gone = presence.customers_gone_for(WAITING_CUSTOMER_GRACE_S)
    return gone.filter(state__in=[State.WAITING, State.RINGING]).order_by("-state")


def _chats_left_by_customer() -> QuerySet[Chat]:
    return presence.customers_gone_for(ACTIVE_CUSTOMER_GRACE_S).filter(state=State.ACTIVE)


def _agents_without_permission() -> Iterator[Job]:
    for service_id, agent_id in prepared.fetch_found(_leases_without_permission, "agent__service", "agent"):
        yield Job(service_id, partial(_let_go, agent_id))


def _leases_without_permission() -> QuerySet[Lease]:
    is_permitted = permitted_agents().filter(pk=OuterRef("agent"))
    return Lease.objects.filter(~Exists(is_permitted), agent__isnull=False).distinct()


def _let_go(agent_id: int) -> None:
    Lease.objects.filter(agent=agent_id).delete()
    live.publish_on_commit(live.agent_topic(agent_id), live.Touched())


def _takings() -> Iterator[Job]:
    """Chats to take from agents. One that is found twice is taken once: it isn't any more as it was seen."""
    whys = {
        _held_without_permission: Ring.Outcome.GONE,
        _ringing_too_long: Ring.Outcome.MISSED,
        _ringing_at_nobody: Ring.Outcome.GONE,
        _ringing_at_somebody_not_online: Ring.Outcome.GONE,
        _left_by_agent: Ring.Outcome.GONE,
    }
    for find, outcome in whys.items():
        for service_id, chat_id, *seen in prepared.fetch_found(find, "service", "pk", *Held._fields):
            yield Job(service_id, partial(pass_on, chat_id, outcome=outcome, seen=Held(*seen)))


def _held_without_permission() -> QuerySet[Chat]:
    is_permitted = permitted_agents().filter(pk=OuterRef("agent"))
    return Chat.objects.filter(~Exists(is_permitted), state__in=[State.RINGING, State.ACTIVE])


def _ringing_too_long() -> QuerySet[Chat]:
    return _ringing().filter(ringing_since__lt=Now() - timedelta(seconds=RING_TIMEOUT_S))


def _ringing_at_nobody() -> QuerySet[Chat]:
    return _ringing().filter(_agent_is_gone_for(0))


def _ringing_at_somebody_not_online() -> QuerySet[Chat]:
    return _ringing().exclude(agent__chat_status=Agent.ChatStatus.ONLINE)


def _left_by_agent() -> QuerySet[Chat]:
    return Chat.objects.filter(_agent_is_gone_for(AGENT_GRACE_S), state=State.ACTIVE)


def _ringing() -> QuerySet[Chat]:
    return Chat.objects.filter(state=State.RINGING)


def _agent_is_gone_for(seconds: int) -> Exists:
    return Exists(presence.agents_gone_for(seconds).filter(pk=OuterRef("agent")))


def _gone_online_agents() -> Iterator[Job]:
    for service_id in {service_id for (service_id,) in prepared.fetch_found(_gone, "service")}:
        yield Job(service_id, partial(_set_offline, service_id))


def _set_offline(service_id: int) -> None:
    _gone().filter(service=service_id).update(chat_status=Agent.ChatStatus.OFFLINE, chat_status_since=Now())


def _gone() -> QuerySet[Agent]:
    gone = presence.agents_gone_for(OFFLINE_AFTER_S).exclude(chat_status=Agent.ChatStatus.OFFLINE)
    return gone.filter(chat_idle_since__lt=Now() - timedelta(seconds=OFFLINE_AFTER_S))
