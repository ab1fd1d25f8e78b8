"""Brings open chats in line with the gates and the clocks, no matter what has changed one of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from agents.chat_permission import permitted_agents
from agents.models import Agent
from chat.conversation import live
from chat.lifecycle.transitions import Held, close_chat, pass_on
from chat.models import Chat, Lease, Ring
from chat.routing import jobs, presence
from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.due_queues import assignments
from chat.routing.jobs import Job, Memory
from chat.states import State
from contiple.base import clock

# An agent's opened chats are passed on this long after the lease: a laptop that wakes up again keeps them.
AGENT_GRACE_S = 60
# An agent who has been gone for this long is set Offline; the next sign-in starts Offline.
OFFLINE_AFTER_S = 15 * 60
# A chat that waits doesn't ring for a customer who has left; in a running chat the customer has longer to come back.
WAITING_CUSTOMER_GRACE_S = 3 * 60
ACTIVE_CUSTOMER_GRACE_S = 30 * 60


def reconcile(now: datetime | None = None, memory: Memory | None = None) -> None:
    """Brings every open chat in line with the gates and the clocks. Run it every second; twice at once is harmless.

    It looks at the state, in a few statements for all services: it doesn't matter whether a page, the operator or SQL
    changed a gate. With the ``memory`` of the last time, queues where nothing is new are left alone.
    """
    now, memory = now or clock.database_now(), memory or Memory()
    # Ends come first: each chat that is taken from an agent starts the router on the queue.
    ends = [*_ends_without_contract(), *_ends_of_gone_customers()]
    left = jobs.run([*ends, *_agents_without_permission(), *_takings(now), *_gone_online_agents()], memory)
    # Where an end is left to another worker, nothing may ring for a customer who has gone.
    jobs.run([job for job in assignments(memory, now) if job.service_id not in left], memory)


def _ends_without_contract() -> Iterator[Job]:
    open_chats = Chat.objects.exclude(state=State.CLOSED)
    without = open_chats.exclude(service__contract__chat=True, service__is_stopped=False)
    return _ends(without, Chat.ClosedBy.SERVICE)


def _ends_of_gone_customers() -> Iterator[Job]:
    """Waiting chats end first: the end of others makes room, and no chat may ring for a customer who has left."""
    waiting = presence.customers_gone_for(WAITING_CUSTOMER_GRACE_S).filter(state__in=[State.WAITING, State.RINGING])
    active = presence.customers_gone_for(ACTIVE_CUSTOMER_GRACE_S).filter(state=State.ACTIVE)
    yield from _ends(waiting.order_by("-state"), Chat.ClosedBy.TIMEOUT)
    yield from _ends(active, Chat.ClosedBy.TIMEOUT)


def _ends(chats: QuerySet[Chat], by: str) -> Iterator[Job]:
    for service_id, chat_id in chats.values_list("service", "pk"):
        yield Job(service_id, partial(close_chat, chat_id, by=by))


def _agents_without_permission() -> Iterator[Job]:
    is_permitted = permitted_agents().filter(pk=OuterRef("agent"))
    leases = Lease.objects.filter(~Exists(is_permitted), agent__isnull=False)
    for service_id, agent_id in leases.values_list("agent__service", "agent").distinct():
        yield Job(service_id, partial(_let_go, agent_id))


def _let_go(agent_id: int) -> None:
    Lease.objects.filter(agent=agent_id).delete()
    live.publish_on_commit(live.agent_topic(agent_id), live.Touched())


def _takings(now: datetime) -> Iterator[Job]:
    """Chats to take from agents. One that is found twice is taken once: it isn't any more as it was seen."""
    is_permitted = permitted_agents().filter(pk=OuterRef("agent"))
    held = Chat.objects.filter(~Exists(is_permitted), state__in=[State.RINGING, State.ACTIVE])
    ringing, active = Chat.objects.filter(state=State.RINGING), Chat.objects.filter(state=State.ACTIVE)
    overdue = ringing.filter(ringing_since__lt=now - timedelta(seconds=RING_TIMEOUT_S))
    yield from _passings(held, Ring.Outcome.GONE)
    yield from _passings(overdue, Ring.Outcome.MISSED)
    yield from _passings(ringing.filter(_agent_is_gone_for(0)), Ring.Outcome.GONE)
    yield from _passings(ringing.exclude(agent__chat_status=Agent.ChatStatus.ONLINE), Ring.Outcome.GONE)
    yield from _passings(active.filter(_agent_is_gone_for(AGENT_GRACE_S)), Ring.Outcome.GONE)


def _passings(chats: QuerySet[Chat], outcome: str) -> Iterator[Job]:
    found = chats.values_list("service", "pk", "agent", "state", "ringing_since")
    for service_id, chat_id, agent_id, state, since in found:
        yield Job(service_id, partial(pass_on, chat_id, outcome=outcome, seen=Held(agent_id, state, since)))


def _agent_is_gone_for(seconds: int) -> Exists:
    return Exists(presence.agents_gone_for(seconds).filter(pk=OuterRef("agent")))


def _gone_online_agents() -> Iterator[Job]:
    services = _gone().values_list("service", flat=True).distinct()
    for service_id in services:
        yield Job(service_id, partial(_set_offline, service_id))


def _set_offline(service_id: int) -> None:
    _gone().filter(service=service_id).update(chat_status=Agent.ChatStatus.OFFLINE)


def _gone() -> QuerySet[Agent]:
    gone = presence.agents_gone_for(OFFLINE_AFTER_S).exclude(chat_status=Agent.ChatStatus.OFFLINE)
    return gone.filter(chat_idle_since__lt=timezone.now() - timedelta(seconds=OFFLINE_AFTER_S))
