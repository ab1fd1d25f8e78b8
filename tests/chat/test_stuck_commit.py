"""The thread that commits gets no answer and has no deadline: another one takes over, and nothing is doubled."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from django.db import OperationalError, connection

from agents.models import Service
from chat.conversation import group_commit, messages
from chat.conversation.messages import Sending, Sent
from chat.models import Chat, Message
from tests.chat.comings import new_id
from tests.chat.lines import do
from tests.faults.people import wait_until
from tests.make import make_chat
from tests.server import database_url

pytestmark = pytest.mark.django_db(transaction=True)

SOON_S = 30
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    " AND query LIKE '%INSERT INTO chat_message%'"
)


@pytest.fixture(autouse=True)
def without_deadline(monkeypatch) -> None:
    """A thread of the test's own commits. It waits for ever, and its watch does not."""
    monkeypatch.setattr(group_commit, "ANSWER_S", 3600)
    monkeypatch.setattr(group_commit, "STUCK_S", 1.0)
    monkeypatch.setattr(group_commit, "LOOK_S", 0.1)
    monkeypatch.setattr(group_commit, "_the_writer", None)


@contextmanager
def locked_messages() -> Iterator[None]:
    with psycopg.connect(database_url()) as holder:
        holder.execute("LOCK TABLE chat_message IN SHARE MODE")
        yield
        holder.rollback()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process of PostgreSQL falls silent; TCP finds nothing wrong."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def whoever_waits() -> int:
    wait_until(waiting, SOON_S)
    return waiting()[0][0]


def waiting() -> list[tuple[int]]:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchall()


def sending(service: Service) -> Sending:
    chat = make_chat(service)
    return messages.prepare(chat.pk, service_id=service.pk, body="Hello", client_id=new_id())


async def write(item: Sending) -> object:
    return await asyncio.wait_for(group_commit.write(item), SOON_S)


async def test_another_thread_takes_over_and_what_lands_late_is_not_doubled(service) -> None:
    first, second = await do(sending, service), await do(sending, service)
    with ExitStack() as silence:
        with locked_messages():
            outcome = group_commit.write(first)
            silence.enter_context(stopped(await do(whoever_waits)))
        assert isinstance(await asyncio.wait_for(outcome, SOON_S), OperationalError)
        assert isinstance(await write(second), Sent), "the next ones go on"
        assert await write(first) is None, "its chat is still locked"
        assert await do(Message.objects.count) == 1
    await do(wait_until, lambda: Message.objects.count() == 2, SOON_S)
    [again] = await do(messages.append_together, [first], wait=True)
    assert again == Sent(1, 1, is_repeat=True)
    assert await do(Message.objects.filter(chat=first.chat_id).count) == 1


async def test_what_was_cut_off_and_is_sent_again_meanwhile_is_there_once(service) -> None:
    """The thread that was given up still tries its batch once more, beside the one that took over."""
    first = await do(sending, service)
    with locked_messages():
        outcome = group_commit.write(first)
        pid = await do(whoever_waits)
        assert isinstance(await asyncio.wait_for(outcome, SOON_S), OperationalError)
        await do(end_process, pid)
    [again] = await do(messages.append_together, [first], wait=True)
    assert isinstance(again, Sent)
    assert (again.seq, again.rev) == (1, 1)
    assert await do(Message.objects.count) == 1
    assert await do(Chat.objects.values_list("last_rev", flat=True).get, pk=first.chat_id) == 1


def end_process(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
