"""Gives waiting chats to agents. A chat is never given to two, an agent never gets one more than the limit.

Who gets a chat: Online, reachable, permitted, below the limit, and not having just let it ring; among those the fewest
open chats in proportion to the limit, and among equals the one who has waited longest. First come, first served.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Q

from agents import audit
from agents.models import Agent, Contract
from chat import live, presence
from chat.models import Chat, Ring
from chat.states import move_chat

# An agent who let a chat ring is not asked again for this long, so that it goes to somebody else in between.
RING_REST_S = 60
BATCH = 200
_ROUTER_LOCK = 0x43484154  # the first key of the advisory locks: "CHAT"


@dataclass(frozen=True)
class Candidate:
    """What the choice looks at. ``load`` counts ringing and active chats."""

    agent_id: int
    load: int
    limit: int
    idle_since: datetime


def assign_waiting_chats(service_id: int) -> int:
    """Rings as many waiting chats as there is room for, the longest waiting first; returns how many.

    Call it after the commit of whatever may have made room or a chat. One router a service at a time (advisory lock):
    none decides by what another is about to change. Inside, rows are locked in the order Chat, Agent, by pk.
    """
    with transaction.atomic():
        _wait_for_turn(service_id)
        chats = _waiting(service_id)
        if not chats:
            return 0
        agents = {agent.pk: agent for agent in _locked_agents(service_id)}
        candidates = _candidates(service_id, agents.values())
        now = presence.database_now()
        resting = _resting(chats, now)
        given = 0
        for chat in chats:
            chosen = choose(c for c in candidates.values() if (chat.pk, c.agent_id) not in resting)
            if chosen is not None:
                # One after the other: of two who got a chat in this turn, the first has waited longer for the next.
                moment = now + timedelta(microseconds=given)
                _ring(chat, agents[chosen.agent_id], moment)
                candidates[chosen.agent_id] = replace(chosen, load=chosen.load + 1, idle_since=moment)
                given += 1
        if given:
            live.publish_on_commit(live.service_topic(service_id), live.Touched())
        return given


def choose(candidates: Iterable[Candidate]) -> Candidate | None:
    """Who gets the next chat, if anybody has room."""
    return min(
        (candidate for candidate in candidates if candidate.load < candidate.limit),
        key=lambda candidate: (candidate.load / candidate.limit, candidate.idle_since, candidate.agent_id),
        default=None,
    )


def _wait_for_turn(service_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ROUTER_LOCK, service_id % 2**31])


def _waiting(service_id: int) -> list[Chat]:
    """The head of the queue, locked. Locks are taken by pk, as everywhere, and the order of the queue restored."""
    queue = Chat.objects.filter(service=service_id, state=Chat.State.WAITING)
    first = list(queue.order_by("waiting_since", "pk").values_list("pk", flat=True)[:BATCH])
    chats = queue.filter(pk__in=first).order_by("pk").select_for_update(no_key=True)
    return sorted(chats, key=lambda chat: (chat.waiting_since, chat.pk))


def _locked_agents(service_id: int) -> list[Agent]:
    agents = presence.reachable_agents(service_id).select_related("user").order_by("pk")
    return list(agents.select_for_update(no_key=True, of=("self",)))


def _candidates(service_id: int, agents: Iterable[Agent]) -> dict[int, Candidate]:
    """Counted after the agents' rows are locked: nobody else adds to a load then."""
    most = Contract.objects.values_list("chats_at_once", flat=True).get(service=service_id)
    loads = dict(
        Chat.objects.filter(agent__in=agents)
        .exclude(state=Chat.State.CLOSED)
        .values_list("agent")
        .annotate(n=Count("pk"))
    )
    return {
        agent.pk: Candidate(agent.pk, loads.get(agent.pk, 0), min(agent.chat_limit, most), agent.chat_idle_since)
        for agent in agents
    }


def _resting(chats: Iterable[Chat], now: datetime) -> set[tuple[int, int]]:
    since = now - timedelta(seconds=RING_REST_S)
    missed = Ring.objects.filter(Q(outcome=Ring.Outcome.MISSED), chat__in=chats, ended_at__gt=since)
    return set(missed.values_list("chat", "agent"))


def _ring(chat: Chat, agent: Agent, now: datetime) -> None:
    move_chat(chat, Chat.State.RINGING, agent=agent, ringing_since=now)
    Ring.objects.create(chat=chat, agent=agent, started_at=now)
    Agent.objects.filter(pk=agent.pk).update(chat_idle_since=now)
    audit.record(chat.service_id, "chat.assigned", chat.subject, agent=None, to=str(agent))
    live.publish_on_commit(live.agent_topic(agent.pk), live.Touched())
    live.publish_on_commit(live.chat_topic(chat.pk), live.Touched())
