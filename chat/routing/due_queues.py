"""Finds the queues that the router has to look at, in one statement for all services.

It looks where an agent can take a chat, whatever has changed that, and where the routing log may have to say another
reason for waiting than before.
"""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from agents.chat_permission import chat_permitted_sql
from chat.conversation import live
from chat.routing.assignment import RING_REST_S, take_turn
from chat.routing.jobs import AGAIN, Job, Memory
from contiple.base import prepared

_WHO = 2  # signs: how many chats wait, and the sum of their ids


class Due(NamedTuple):
    """The router's turns that are due: where it gives a chat, and where it only notes why chats wait."""

    gives: list[Job]
    notes: list[Job]


def assignments(memory: Memory) -> Due:
    rows = prepared.fetch(_QUEUES, [])
    _forget_others(memory, (row[0] for row in rows))
    due = Due([], [])
    for service_id, can_give, *signs in rows:
        job = Job(service_id, partial(_route, memory, service_id, tuple(signs)))
        if can_give:
            due.gives.append(job)
        elif memory.queues.get(service_id) != tuple(signs):
            due.notes.append(job)
    return due


def _route(memory: Memory, service_id: int, signs: tuple) -> object:
    _given, is_more = take_turn(service_id)
    if is_more:
        return AGAIN
    if memory.queues.get(service_id, signs)[:_WHO] != signs[:_WHO]:
        # Somebody may have gone, by whose lease alone the others move up.
        live.publish_on_commit(live.service_topic(service_id), live.Touched())
    memory.queues[service_id] = signs
    return None


def _forget_others(memory: Memory, services: Iterable[int]) -> None:
    for service_id in memory.queues.keys() - set(services):
        del memory.queues[service_id]


# One row for each service where chats wait: can an agent take one, and everything on which the reasons for waiting
# depend. An agent can if more chats wait than have just rung at this agent in vain. It follows `standing`.
_QUEUES = f"""
    WITH waiting AS MATERIALIZED (
        SELECT id, service_id, topic_id FROM chat_chat chat WHERE state = 'waiting' AND EXISTS (
            SELECT FROM chat_lease lease WHERE lease.chat_id = chat.id AND lease.expires_at > statement_timestamp()
        )
    ), topic AS MATERIALIZED (
        SELECT service_id, topic_id, count(*) AS chats, sum(id) AS ids FROM waiting GROUP BY service_id, topic_id
    ), queue AS (
        SELECT service_id, sum(chats) AS chats, sum(ids) AS ids FROM topic GROUP BY service_id
    ), assigned AS (
        SELECT agent_id, array_agg(topic_id) AS topics FROM chat_topic_agents GROUP BY agent_id
    ), rest AS (
        SELECT DISTINCT waiting.service_id, ring.chat_id, ring.agent_id, waiting.topic_id
        FROM chat_ring ring JOIN waiting ON waiting.id = ring.chat_id
        WHERE ring.outcome IN ('missed', 'returned')
            AND ring.ended_at > statement_timestamp() - interval '{RING_REST_S} s'
    ), held AS (
        SELECT agent_id, count(*) AS chats FROM chat_chat
        WHERE NOT state = 'closed' AND agent_id IS NOT NULL GROUP BY agent_id
    ), here AS (
        SELECT DISTINCT agent_id FROM chat_lease WHERE agent_id IS NOT NULL AND expires_at > statement_timestamp()
    ), resting AS (
        SELECT rest.agent_id, count(*) AS chats FROM rest LEFT JOIN assigned ON assigned.agent_id = rest.agent_id
        WHERE assigned.agent_id IS NULL OR rest.topic_id IS NULL OR rest.topic_id = ANY(assigned.topics)
        GROUP BY rest.agent_id
    ), seat AS (
        SELECT agent.service_id, agent.id, assigned.topics, coalesce(resting.chats, 0) < CASE
            WHEN assigned.agent_id IS NULL THEN queue.chats
            ELSE coalesce((
                SELECT sum(chats) FROM topic WHERE topic.service_id = agent.service_id
                    AND (topic.topic_id IS NULL OR topic.topic_id = ANY(assigned.topics))
            ), 0) END AS may_ask, CASE
            WHEN NOT ({chat_permitted_sql()}) THEN 'permission'
            WHEN agent.chat_status <> 'online' THEN agent.chat_status
            WHEN here.agent_id IS NULL THEN 'disconnected'
            WHEN coalesce(held.chats, 0) >= least(agent.chat_limit, contract.chats_at_once) THEN 'full'
            ELSE 'free' END AS standing
        FROM queue JOIN agents_agent agent ON agent.service_id = queue.service_id
        JOIN agents_user person ON person.id = agent.user_id
        JOIN agents_service service ON service.id = agent.service_id
        JOIN agents_contract contract ON contract.service_id = service.id
        LEFT JOIN held ON held.agent_id = agent.id
        LEFT JOIN here ON here.agent_id = agent.id
        LEFT JOIN resting ON resting.agent_id = agent.id
        LEFT JOIN assigned ON assigned.agent_id = agent.id
        WHERE agent.is_active AND person.is_active
    ), seats AS (
        SELECT service_id, bool_or(may_ask AND standing = 'free') AS can_give,
            string_agg(DISTINCT standing, ' ' ORDER BY standing) AS standings,
            sum(id) FILTER (WHERE standing = 'free') AS free,
            sum(hashtext(concat(id, standing, topics))) FILTER (WHERE topics IS NOT NULL) AS of_topics
        FROM seat GROUP BY service_id
    ), rests AS (
        SELECT service_id, count(*) AS number, sum(chat_id) AS chats, sum(agent_id) AS agents
        FROM rest GROUP BY service_id
    )
    SELECT queue.service_id, coalesce(seats.can_give, FALSE), queue.chats, queue.ids, seats.standings, seats.free,
        seats.of_topics, rests.number, rests.chats AS resting, rests.agents
    FROM queue LEFT JOIN seats ON seats.service_id = queue.service_id
    LEFT JOIN rests ON rests.service_id = queue.service_id
"""  # noqa: S608 - no value comes from outside
