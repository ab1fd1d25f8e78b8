"""How agents and customers come, go and ring in these tests: by rows, never by waiting."""

import time
import uuid
from contextlib import AbstractContextManager
from datetime import timedelta

from django.db import connection
from django.test import TestCase

from agents.models import Agent
from chat.models import Chat, Lease, Ring
from chat.routing.assignment import assign_waiting_chats
from chat.routing.presence import LEASE_S
from contiple.base.clock import database_now
from tests.make import make_chat


def come_online(agent: Agent, *, idle_for_s: float = 0) -> Agent:
    """Online with a living socket, having had no chat for so long."""
    agent.chat_status = Agent.ChatStatus.ONLINE
    agent.chat_idle_since = database_now() - timedelta(seconds=idle_for_s)
    agent.save(update_fields=["chat_status", "chat_idle_since"])
    return be_here(agent=agent)


def be_here(*, agent: Agent | None = None, chat: Chat | None = None) -> Agent | Chat:
    Lease.objects.create(agent=agent, chat=chat, expires_at=database_now() + timedelta(seconds=LEASE_S))
    return agent or chat


def connect(chat: Chat) -> Chat:
    """The customer's page connects for the first time, as ``CustomerSocket`` has it: from now on the chat may ring."""
    be_here(chat=chat)
    assign_waiting_chats(chat.service_id)
    return chat


def leave(*, agent: Agent | None = None, chat: Chat | None = None, ago_s: float = 1) -> None:
    """The last lease ran out so long ago."""
    Lease.objects.filter(agent=agent, chat=chat).delete()
    Lease.objects.create(agent=agent, chat=chat, expires_at=database_now() - timedelta(seconds=ago_s))


def make_ringing(agent: Agent, *, for_s: float = 1, **fields) -> Chat:
    since = database_now() - timedelta(seconds=for_s)
    chat = make_chat(agent.service, agent=agent, state=Chat.State.RINGING, ringing_since=since, **fields)
    Ring.objects.create(chat=chat, agent=agent, started_at=since)
    return chat


def make_queue(service, count: int, **fields) -> list[Chat]:
    """Waiting chats, the first having waited longest."""
    now = database_now()
    return [
        make_chat(service, waiting_since=now - timedelta(seconds=60 + count - place), **fields)
        for place in range(count)
    ]


def committed() -> AbstractContextManager:
    """Does on leaving what waits for a commit, which does not come in a test that is rolled back."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def state_of(chat: Chat) -> tuple[str, int | None]:
    return Chat.objects.values_list("state", "agent").get(pk=chat.pk)


def wait_until_blocked(connections: int = 1, within_s: float = 10) -> None:
    """Returns when so many others wait for a lock in this database. In a transaction too, which would see none anew."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= connections:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


def new_id() -> uuid.UUID:
    return uuid.uuid4()
