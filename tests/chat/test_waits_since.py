"""Since when a customer waits, as lists of chats show it."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.models import Chat
from chat.templatetags.chat_words import waits_since

CAME = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
ASKED = CAME + timedelta(minutes=2)
ANSWERED = CAME + timedelta(minutes=5)
OPENED = CAME + timedelta(minutes=1)


@pytest.mark.parametrize("state", [Chat.State.WAITING, Chat.State.RINGING])
def test_a_chat_that_is_passed_on_waits_since_the_answer_it_had(state):
    chat = Chat(state=state, waiting_since=CAME, answered_at=OPENED, last_message_at=ANSWERED)
    assert waits_since(chat) == ANSWERED
    chat.customer_waits_since = ASKED
    assert waits_since(chat) == ASKED


@pytest.mark.parametrize("state", [Chat.State.WAITING, Chat.State.RINGING])
def test_a_new_chat_waits_since_it_came_whatever_is_said_meanwhile(state):
    assert waits_since(Chat(state=state, waiting_since=CAME, last_message_at=ASKED, customer_waits_since=ASKED)) == CAME


def test_a_running_chat_waits_since_its_customers_first_unanswered_words():
    chat = Chat(state=Chat.State.ACTIVE, waiting_since=CAME, answered_at=OPENED, last_message_at=ANSWERED)
    assert waits_since(chat) is None
    chat.customer_waits_since = ASKED
    assert waits_since(chat) == ASKED
