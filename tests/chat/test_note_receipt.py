"""Each side's marks only grow, never past the last entry; what an agent has read is not unread."""

import uuid
from functools import partial

import pytest

from chat.conversation import live
from chat.conversation.messages import send_as_customer
from chat.conversation.receipts import Receipt, note_receipt, note_receipts
from chat.models import Chat
from tests.agents.race import at_once
from tests.chat.comings import committed
from tests.make import make_chat, send_as_agent


@pytest.fixture
def chat(service, agent) -> Chat:
    """Three by the customer, then one by the agent."""
    chat = make_chat(service, agent=agent)
    for _ in range(3):
        send_as_customer(chat, body="Hello", client_id=uuid.uuid4())
    send_as_agent(chat, agent, body="Hi", client_id=uuid.uuid4())
    return Chat.objects.get(pk=chat.pk)


def marks(chat: Chat, side: str) -> tuple[int, int]:
    return Chat.objects.values_list(f"{side}_received", f"{side}_read").get(pk=chat.pk)


@pytest.mark.parametrize("side", ["customer", "agent"])
def test_a_side_notes_how_far_it_is(chat, told, side) -> None:
    with committed():
        note_receipt(chat, side, received=3, read=2)

    assert marks(chat, side) == (3, 2)
    assert marks(chat, "agent" if side == "customer" else "customer") == (0, 0)
    customer, agent = ((3, 2), (0, 0)) if side == "customer" else ((0, 0), (3, 2))
    assert told[0] == (live.chat_topic(chat.pk), live.Receipts(chat.pk, *customer, *agent))


def test_marks_never_shrink(chat) -> None:
    note_receipt(chat, "customer", received=4, read=3)
    note_receipt(chat, "customer", received=1, read=0)

    assert marks(chat, "customer") == (4, 3)


def test_marks_don_t_pass_the_last_entry(chat) -> None:
    note_receipt(chat, "customer", received=2**31 - 1, read=2**31 - 1)

    assert marks(chat, "customer") == (4, 4)


def test_what_was_read_was_received(chat) -> None:
    note_receipt(chat, "agent", received=0, read=2)

    assert marks(chat, "agent") == (2, 2)


def test_an_agent_s_reading_counts_the_unread_down(chat, agent, told) -> None:
    assert chat.unread == 3

    with committed():
        note_receipt(chat, "agent", received=4, read=2)
    assert Chat.objects.get(pk=chat.pk).unread == 1
    assert (live.agent_topic(agent.pk), live.Touched()) in told

    note_receipt(chat, "agent", received=4, read=4)
    assert Chat.objects.get(pk=chat.pk).unread == 0


def test_a_customer_s_reading_leaves_them_unread(chat) -> None:
    note_receipt(chat, "customer", received=4, read=4)

    assert Chat.objects.get(pk=chat.pk).unread == 3


def test_what_is_known_already_is_not_told_again(chat, told) -> None:
    note_receipt(chat, "agent", received=4, read=4)
    told.clear()

    with committed():
        note_receipt(chat, "agent", received=3, read=4)

    assert told == []


@pytest.mark.django_db(transaction=True)
def test_reading_and_writing_at_once_count_right(chat) -> None:
    at_once(
        *[partial(note_receipt, chat, "agent", received=seq, read=seq) for seq in (1, 4, 2)],
        *[lambda: send_as_customer(chat, body="More", client_id=uuid.uuid4()) for _ in range(4)],
    )

    chat.refresh_from_db()
    assert (chat.agent_read, chat.last_rev) == (4, 8)
    assert chat.unread == 4


def test_who_only_looks_on_takes_nobody_s_marks_away(chat, agent, colleague) -> None:
    """Nor where all are noted at once, as after a message that everybody has on the screen."""
    everybody = [Receipt(chat_id=chat.pk, received=4, read=4, agent_id=pk) for pk in (None, agent.pk, colleague.pk)]

    assert note_receipts(everybody, wait=True) == [True] * 3

    chat.refresh_from_db()
    assert (chat.customer_read, chat.agent_read, chat.unread) == (4, 4, 0)
