"""Presence: one lease row for each socket, renewed by its heartbeats. Nothing is counted up or down.

Leases run by the database's clock, so that a process with a wrong clock neither loses nor prolongs one. The status
that an agent chose (``Agent.chat_status``) is separate: an agent may be Online and unreachable, and then gets no chats.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from agents.chat_permission import permitted_agents
from agents.models import Agent, Service
from chat.models import Chat
from chat.rings import Lease
from chat.topics import serves
from contiple.base import prepared

# The server's beat on every socket. 15 s: half of the shortest idle time-out that proxies have by default (30 s).
HEARTBEAT_S = 15
# Three beats may be lost before a person counts as gone.
LEASE_S = 45
# After a socket was closed: time for a page to load again before its agent counts as gone.
RELOAD_GRACE_S = 10

assert LEASE_S >= 3 * HEARTBEAT_S
assert RELOAD_GRACE_S < LEASE_S


def take_lease(
    socket: UUID, *, agent_id: int | None = None, chat_id: int | None = None, at_most: int | None = None
) -> bool:
    """Makes this socket's agent, or the customer of this chat, reachable from now on.

    Returns ``False``, and takes none, if the chat has ``at_most`` sockets open already, of any process.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chat_lease (socket, agent_id, chat_id, expires_at)"
            " SELECT %s, %s, %s, statement_timestamp() + make_interval(secs => %s)"
            " WHERE %s::int IS NULL OR"
            " (SELECT count(*) FROM chat_lease WHERE chat_id = %s AND expires_at > statement_timestamp()) < %s",
            [socket, agent_id, chat_id, LEASE_S, at_most, chat_id, at_most],
        )
        return bool(cursor.rowcount)


def renew_leases(sockets: Collection[UUID]) -> set[UUID]:
    """Renews the leases of sockets that answered a heartbeat; returns the sockets whose lease was still there.

    Every other socket must be closed: its lease has been taken away.
    """
    renewed = prepared.fetch(
        "UPDATE chat_lease SET expires_at = statement_timestamp() + make_interval(secs => %s)"
        " WHERE socket = ANY(%s) RETURNING socket",
        [LEASE_S, list(sockets)],
    )
    return {socket for (socket,) in renewed}


def let_lease_run_out(socket: UUID) -> None:
    """Lets the lease of a closed socket end after ``RELOAD_GRACE_S``."""
    # Only ever shorter: a socket that was closed because nobody answered must not bring its agent back to life.
    soon = Now() + timedelta(seconds=RELOAD_GRACE_S)
    Lease.objects.filter(socket=socket, expires_at__gt=soon).update(expires_at=soon)


def drop_expired_leases(*, older_than_s: int = 3600) -> None:
    Lease.objects.filter(expires_at__lt=Now() - timedelta(seconds=older_than_s)).delete()


def is_customer_here(chat_id: int, *, within_s: int) -> bool:
    """Returns whether a page of the chat's customer is connected, or was so many seconds ago."""
    since = Now() - timedelta(seconds=within_s)
    return Lease.objects.filter(chat=chat_id, expires_at__gt=since).exists()


def reachable_agents(service: Service | int) -> QuerySet[Agent]:
    """Agents who are permitted, Online and reachable: a chat may be given to each, up to the limit."""
    return reachable_anywhere().filter(service=service)


def reachable_anywhere() -> QuerySet[Agent]:
    """The reachable agents of every service."""
    return permitted_agents().filter(
        Exists(Lease.objects.filter(agent=OuterRef("pk"), expires_at__gt=Now())), chat_status=Agent.ChatStatus.ONLINE
    )


def somebody_online(service: Service | int, topic_id: int | None = None) -> bool:
    """Returns whether anybody who gets chats of this topic is Online and reachable."""
    return reachable_agents(service).filter(serves(topic_id)).exists()


def is_reachable(agent: Agent) -> bool:
    return Lease.objects.filter(agent=agent, expires_at__gt=Now()).exists()


def agents_gone_for(seconds: int) -> QuerySet[Agent]:
    """Agents who have no lease that ran out less than ``seconds`` ago."""
    since = Now() - timedelta(seconds=seconds)
    return Agent.objects.filter(~Exists(Lease.objects.filter(agent=OuterRef("pk"), expires_at__gt=since)))


def customers_gone_for(seconds: int) -> QuerySet[Chat]:
    """Open chats, older than ``seconds``, whose customer has not been reachable for that long."""
    since = Now() - timedelta(seconds=seconds)
    return Chat.objects.exclude(state=Chat.State.CLOSED).filter(
        ~Exists(Lease.objects.filter(chat=OuterRef("pk"), expires_at__gt=since)), created_at__lt=since
    )
