"""The order in which waiting chats are served, for the router and for what customers are shown: one statement."""

from collections.abc import Collection

from chat.abuse import crowds
from chat.abuse.crowds import Place
from chat.access import CONNECTS_WITHIN_S
from contiple.base import prepared


def queue_of(service_id: int) -> list[Place]:
    """The service's waiting chats, the next one first."""
    return queues_of([service_id])[service_id]


def queues_of(services: Collection[int]) -> dict[int, list[Place]]:
    """The waiting chats of each of these services, the next one first."""
    queues: dict[int, list[Place]] = {service_id: [] for service_id in services}
    for place in prepared.fetch(_ARRIVALS, [list(services)], make=Place._make):
        queues[place.service_id].append(place)
    return {service_id: crowds.in_turn(arrivals) for service_id, arrivals in queues.items()}


# The fields of ``Place``, as the chats came. Which chats wait is as in ``access.waiting_chats``.
_SINCE = f"statement_timestamp() - interval '{crowds.CROWD_WINDOW.total_seconds():.0f} s'"
_ARRIVALS = f"""
    WITH recent AS (
        SELECT id, service_id, customer_id, state, turn_at, created_at, topic_id,
            coalesce(answered_at, ringing_since) AS served_at,
            CASE WHEN is_known THEN '' ELSE network END AS network, state IN ('ringing', 'active') AS is_held
        FROM chat_chat WHERE service_id = ANY(%s)
            AND (state <> 'closed' OR created_at > {_SINCE} OR (network <> '' AND closed_at > {_SINCE}))
    ), crowd AS (
        SELECT service_id, network, count(*) FILTER (WHERE is_held) AS held, max(served_at) AS served_at FROM recent
        WHERE network <> '' GROUP BY service_id, network
        HAVING count(*) FILTER (WHERE state = 'waiting' OR created_at > {_SINCE}) >= {crowds.CROWD}
    ), held AS (
        SELECT service_id, count(*) AS chats FROM recent WHERE is_held GROUP BY service_id
    ), waiting AS MATERIALIZED (
        SELECT recent.*, EXISTS (
            SELECT FROM chat_lease lease WHERE lease.chat_id = recent.id AND lease.expires_at > statement_timestamp()
        ) AS is_connected
        FROM recent WHERE state = 'waiting'
    )
    SELECT waiting.service_id, waiting.id, customer_id, turn_at, is_connected,
        coalesce(crowd.network, ''), coalesce(crowd.held, 0), crowd.served_at, coalesce(held.chats, 0), topic_id
    FROM waiting LEFT JOIN crowd ON crowd.service_id = waiting.service_id AND crowd.network = waiting.network
    LEFT JOIN held ON held.service_id = waiting.service_id
    WHERE is_connected OR (created_at > statement_timestamp() - interval '{CONNECTS_WITHIN_S} s'
        AND NOT EXISTS (SELECT FROM chat_lease lease WHERE lease.chat_id = waiting.id))
    ORDER BY turn_at, id
"""  # noqa: S608 - no value comes from outside
