"""What many sockets send at the same moment: one commit, and nobody pays for another."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction

from agents.models import Service
from chat.conversation import group_commit, messages
from chat.conversation.messages import Sending, Sent
from chat.conversation.receipts import Receipt
from chat.masking.rules import DEFAULT, NOTHING
from chat.models import Chat, Message
from tests.chat.comings import new_id
from tests.chat.lines import do
from tests.make import make_chat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chats(service: Service) -> list[Chat]:
    return [make_chat(service) for _ in range(6)]


def sending(chat: Chat, body: str = "Hello") -> Sending:
    return messages.prepare(chat.pk, service_id=chat.service_id, body=body, client_id=new_id())


def poisoned(chat: Chat) -> Sending:
    """What no client can send, since the text is looked at before; PostgreSQL refuses it."""
    return Sending(chat_id=chat.pk, client_id=new_id(), body="\0", found=NOTHING, rules=DEFAULT)


@contextmanager
def locked(chat: Chat) -> Iterator[Callable[[], None]]:
    """Somebody else holds the chat's row, until the function is called."""
    has_it, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Chat.objects.select_for_update().get(pk=chat.pk)
            has_it.set()
            release.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert has_it.wait(10)
    try:
        yield release.set
    finally:
        release.set()
        holder.join()


@pytest.fixture
def batches(monkeypatch) -> list[int]:
    """How many messages each transaction had."""
    sizes, together = [], messages.append_together

    def counted(sendings, *, wait):
        sizes.append(len(sendings))
        return together(sendings, wait=wait)

    monkeypatch.setattr(messages, "append_together", counted)
    return sizes


async def test_what_comes_during_a_commit_shares_the_next(chats, batches) -> None:
    outcomes = await asyncio.gather(*[group_commit.write(sending(chat)) for chat in chats * 5])
    assert len(batches) < len(outcomes) / 2
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert await do(Message.objects.count) == 30
    for chat in chats:
        places = await do(lambda chat=chat: sorted(chat.messages.values_list("seq", flat=True)))
        assert places == [1, 2, 3, 4, 5]
        await do(chat.refresh_from_db)
        assert (chat.last_rev, chat.unread) == (5, 5)


async def test_a_chat_that_is_locked_keeps_no_other_waiting(chats) -> None:
    with locked(chats[0]):
        outcomes = await asyncio.wait_for(asyncio.gather(*[group_commit.write(sending(c)) for c in chats]), 10)
        assert outcomes[0] is None, "nothing was done: it is for the sender's own thread to wait"
        assert all(isinstance(outcome, Sent) for outcome in outcomes[1:])
    assert not await do(chats[0].messages.exists)


async def test_what_the_database_refuses_takes_no_other_with_it(chats, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        outcomes = await asyncio.gather(
            *[
                group_commit.write(poisoned(chat) if n == 2 else sending(chat, "My secret"))
                for n, chat in enumerate(chats)
            ]
        )
    assert isinstance(outcomes.pop(2), DatabaseError)
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert await do(Message.objects.count) == 5
    assert "secret" not in caplog.text


async def test_a_connection_that_was_cut_loses_nothing_and_doubles_nothing(chats) -> None:
    await group_commit.write(sending(chats[0]))
    await do(cut_the_others)
    outcomes = await asyncio.gather(*[group_commit.write(sending(chat)) for chat in chats])
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert await do(Message.objects.count) == 7


def cut_the_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%%chat_message%%'"
        )


async def test_the_same_id_twice_at_once_is_one_message(chats) -> None:
    twice = sending(chats[0])
    first, second = await asyncio.gather(group_commit.write(twice), group_commit.write(twice))
    assert isinstance(first, Sent)
    assert second is None or (second.is_repeat and second.seq == first.seq)
    [again] = await do(messages.append_together, [twice], wait=True)
    assert again == Sent(first.seq, first.rev, is_repeat=True)
    assert await do(Message.objects.count) == 1


async def test_messages_and_marks_of_one_moment(chats) -> None:
    sent = await asyncio.gather(*[group_commit.write(sending(chat)) for chat in chats])
    assert all(sent)
    receipts = [Receipt(chat_id=chat.pk, received=1, read=0) for chat in chats]
    receipts += [Receipt(chat_id=chat.pk, received=1, read=1) for chat in chats[:3]]
    assert await asyncio.gather(*[group_commit.write(seeing) for seeing in receipts]) == [True] * 9
    read = await do(lambda: list(Chat.objects.order_by("pk").values_list("customer_received", "customer_read")))
    assert read == [(1, 1)] * 3 + [(1, 0)] * 3


async def test_a_mark_in_a_locked_chat_waits_for_its_own_turn(chats) -> None:
    await group_commit.write(sending(chats[0]))
    with locked(chats[0]):
        assert await group_commit.write(Receipt(chat_id=chats[0].pk, received=1, read=1)) is False
