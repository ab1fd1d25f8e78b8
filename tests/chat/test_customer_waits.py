"""Since when a chat's customer waits for an answer: by the first words that no agent has answered."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, Service
from chat.conversation import desk_notices, frames, messages
from chat.conversation.evaluations import ask
from chat.conversation.message_masks import change_body
from chat.lifecycle.transitions import answer_chat
from chat.models import Chat
from helpcenter.models import HelpCenterText
from tests.chat.comings import make_ringing
from tests.chat.test_append_message import new_id
from tests.make import make_chat, send_as_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


def asked(chat: Chat, body: str = "Where is it?") -> object:
    return messages.send_as_customer(chat, body=body, client_id=new_id()).created_at


def answered(chat: Chat) -> None:
    send_as_agent(chat, chat.agent, body="Here", client_id=new_id())


def waits_since(chat: Chat) -> object:
    return Chat.objects.values_list("customer_waits_since", flat=True).get(pk=chat.pk)


def test_it_begins_with_the_first_words_and_further_ones_do_not_restart_it(chat) -> None:
    assert waits_since(chat) is None
    first = asked(chat)
    asked(chat, "Hello?")
    assert waits_since(chat) == first


def test_an_answer_ends_it_and_the_next_words_begin_it_anew(chat) -> None:
    asked(chat)
    answered(chat)
    assert waits_since(chat) is None
    again = asked(chat, "Thanks, and the other one?")
    assert waits_since(chat) == again


def test_an_answer_and_the_next_words_of_one_commit_begin_it_anew(chat, agent) -> None:
    asked(chat)
    common = {"service_id": chat.service_id}
    who = {"agent_id": agent.pk, "agent_name": str(agent)}
    answer = messages.prepare(chat.pk, body="Here", client_id=new_id(), **common, **who)
    more = messages.prepare(chat.pk, body="And the other one?", client_id=new_id(), **common)
    messages.append_together([answer, more], wait=True)
    assert waits_since(chat) == chat.messages.get(seq=3).created_at
    messages.append_together(
        [
            messages.prepare(chat.pk, body="And?", client_id=new_id(), **common),
            messages.prepare(chat.pk, body="Here too", client_id=new_id(), **common, **who),
        ],
        wait=True,
    )
    assert waits_since(chat) is None


def test_notes_events_and_the_service_s_own_words_are_no_answer(chat, agent, service) -> None:
    first = asked(chat)
    with transaction.atomic():
        row = Chat.objects.select_for_update(no_key=True).select_related("service").get(pk=chat.pk)
        messages.append_note(row, agent, "Ask the shop")
        messages.append_event(row, "joined", name="Mina")
        messages.append_notice(row, "Welcome", name="Demo")
    ask(agent, chat.pk)
    row = Chat.objects.get(pk=chat.pk)
    assert row.customer_waits_since == first
    assert (row.last_line, row.unread) == ("Where is it?", 1)
    assert row.last_message_at == first


def test_who_has_written_already_is_not_greeted(service, agent) -> None:
    HelpCenterText.objects.filter(help_center=service.help_center).update(greeting="How can we help you?")
    chat = make_ringing(agent)
    first = asked(chat, "I want a refund now!!!")
    answer_chat(agent, chat.pk)
    row = Chat.objects.get(pk=chat.pk)
    assert [entry.event or entry.body for entry in chat.messages.order_by("seq")] == [
        "I want a refund now!!!",
        "joined",
    ]
    assert (row.last_line, row.unread, row.customer_waits_since) == ("I want a refund now!!!", 1, first)


def test_a_masked_last_line_stays_the_last_line_behind_a_greeting(chat) -> None:
    asked(chat, "It is me")
    with transaction.atomic():
        row = Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
        messages.append_notice(row, "Welcome", name="Demo")
        message = chat.messages.get(seq=1)
        message.body = "It is **"
        change_body(row, message)
    assert Chat.objects.get(pk=chat.pk).last_line == "It is **"


def test_the_list_shows_it_with_the_target_and_the_database_s_time(chat, agent, service) -> None:
    first = asked(chat)
    service.chat_settings.answer_target_minutes = 2
    service.chat_settings.save(update_fields=["answer_target_minutes"])
    seen = frames.agent_of_desk(agent.pk)
    html = frames.desk_frame(seen, "en").html
    assert f'datetime="{first.isoformat()}" data-format="elapsed"' in html
    assert 'data-target="120"' in html
    assert f'data-now="{int(seen.now.timestamp() * 1000)}"' in html


def test_a_desk_of_many_chats_and_notices_costs_as_many_queries_as_one_of_few(chat, agent, service) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            frames.desk_frame(frames.agent_of_desk(agent.pk), "en")
        return len(captured)

    few = queries()
    for _ in range(20):
        desk_notices.tell([agent], make_chat(service, agent=agent).pk, "missed")
    assert queries() == few == 3, "the agent, the chats, how many wait"
