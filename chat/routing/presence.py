"""Who is reachable now: one lease row for each socket, renewed by its heartbeats. Nothing is counted up or down.

Leases run by the database's clock, so that a process whose own clock is wrong neither loses nor prolongs one. What an
agent chose (``Agent.chat_status``) is a separate thing: Online and unreachable is possible, and gets no chats.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from agents.models import Agent, Service
from chat.models import Chat, Lease
from contiple.base import prepared

# The server's beat on every socket. 15 s: half of the shortest idle time-out that proxies have by default (30 s).
HEARTBEAT_S = 15
# Three beats may be lost before somebody counts as gone.
LEASE_S = 45
# After a socket was closed: time for a page to load again before its agent counts as gone.
RELOAD_GRACE_S = 10

assert LEASE_S >= 3 * HEARTBEAT_S
assert RELOAD_GRACE_S < LEASE_S


def take_lease(socket: UUID, *, agent_id: int | None = None, chat_id: int | None = None) -> None:
    """This socket's agent, or the customer of this chat, is reachable from now on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chat_lease (socket, agent_id, chat_id, expires_at)"
            " VALUES (%s, %s, %s, statement_timestamp() + make_interval(secs => %s))",
            [socket, agent_id, chat_id, LEASE_S],
        )


def renew_leases(sockets: Collection[UUID]) -> set[UUID]:
    """Heartbeats were answered; returns whose. Any other's lease has been taken away: its socket must be closed."""
    renewed = prepared.fetch(
        "UPDATE chat_lease SET expires_at = statement_timestamp() + make_interval(secs => %s)"
        " WHERE socket = ANY(%s) RETURNING socket",
        [LEASE_S, list(sockets)],
    )
    return {socket for (socket,) in renewed}


def let_lease_run_out(socket: UUID) -> None:
    """The socket is closed: reachable for ``RELOAD_GRACE_S`` more, unless another socket says otherwise."""
    # Only ever shorter: a socket that is closed because nobody answered must not bring its agent back to life.
    soon = Now() + timedelta(seconds=RELOAD_GRACE_S)
    Lease.objects.filter(socket=socket, expires_at__gt=soon).update(expires_at=soon)


def drop_expired_leases(*, older_than_s: int = 3600) -> None:
    Lease.objects.filter(expires_at__lt=Now() - timedelta(seconds=older_than_s)).delete()


def reachable_agents(service: Service | int) -> QuerySet[Agent]:
    """Online, permitted, and with a living socket: all that a chat may be given to, but for their limits."""
    return permitted_agents().filter(
        Exists(Lease.objects.filter(agent=OuterRef("pk"), expires_at__gt=Now())),
        service=service,
        chat_status=Agent.ChatStatus.ONLINE,
    )


def permitted_agents() -> QuerySet[Agent]:
    """Whom the contract and the agent's own permission allow to chat (gates one and three), in every service."""
    return Agent.objects.filter(
        is_active=True,
        chat_permission=True,
        user__is_active=True,
        service__contract__chat=True,
        service__is_stopped=False,
    )


def somebody_online(service: Service | int) -> bool:
    return reachable_agents(service).exists()


def is_reachable(agent: Agent) -> bool:
    return Lease.objects.filter(agent=agent, expires_at__gt=Now()).exists()


def agents_gone_for(seconds: int) -> QuerySet[Agent]:
    """Agents who have no lease that ran out less than ``seconds`` ago."""
    since = Now() - timedelta(seconds=seconds)
    return Agent.objects.filter(~Exists(Lease.objects.filter(agent=OuterRef("pk"), expires_at__gt=since)))


def customers_gone_for(seconds: int) -> QuerySet[Chat]:
    """Open chats whose customer has not been reachable for ``seconds``; a chat younger than that is not among them."""
    since = Now() - timedelta(seconds=seconds)
    return Chat.objects.exclude(state=Chat.State.CLOSED).filter(
        ~Exists(Lease.objects.filter(chat=OuterRef("pk"), expires_at__gt=since)), created_at__lt=since
    )
