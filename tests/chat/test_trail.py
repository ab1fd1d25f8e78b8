"""The trail tells an admin what happened to a chat, in words, oldest first, and nothing personal."""

import uuid

import pytest
from django.utils import translation

from agents import audit
from chat.conversation import message_masks, messages
from chat.lifecycle import transitions
from chat.lifecycle.trail import REASONS, chat_trail
from chat.lifecycle.trail import words as words_of_actions
from chat.masking import selections
from chat.models import Chat, Ring
from tests.chat.comings import come_online, committed, connect
from tests.make import make_agent, make_chat

CARD = "4111 1111 1111 1111"


def words(chat: Chat) -> list[str]:
    return [str(line.text) for line in chat_trail(chat)]


def test_a_chat_s_whole_life(service, agent, colleague, customer) -> None:
    come_online(agent)
    policy = service.help_center.policies.get(language="ko")
    chat = connect(transitions.start_chat(customer, policy=policy, language="ko"))
    transitions.answer_chat(agent, chat.pk)
    come_online(colleague)
    agent.leases.all().delete()
    with committed():
        transitions.pass_on(chat.pk, outcome=Ring.Outcome.GONE)
    transitions.answer_chat(colleague, chat.pk)
    transitions.close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)

    assert words(chat) == [
        "The customer started the chat and agreed to version 1 of the privacy policy.",
        "Rang for Mina.",
        "Mina opened the chat.",
        "Taken from Mina: the agent was disconnected.",
        "Rang for Theo.",
        "Theo opened the chat.",
        "The chat ended: by the customer.",
    ]
    times = [line.at for line in chat_trail(chat)]
    assert times == sorted(times)


def test_masks_and_looks_are_in_it_and_what_was_masked_is_not(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    message = messages.send_as_customer(chat, body=f"My card {CARD}, Kim", client_id=uuid.uuid4())
    start = message.body.index("Kim")
    selection = selections.Selection(text_id=message.seq, rev=message.rev, start=start, end=start + 3)
    message_masks.mask_selection(agent, chat.pk, [selection])
    message_masks.reveal(agent, message.masks.first().pk, address="203.0.113.7")

    assert words(chat) == [
        "Mina masked personal information.",
        "Mina unmasked personal information in message 1.",
    ]
    stored = str(list(audit.trail(service, chat.subject).values()))
    assert "Kim" not in stored
    assert "4111" not in stored


@pytest.mark.parametrize("name", [*REASONS, "100 %(actor)s"])
def test_an_agent_may_have_any_name(service, name) -> None:
    agent = come_online(make_agent(service, name))
    chat = make_chat(service)
    transitions.assign_waiting_chats(service.pk)
    transitions.pass_on(chat.pk, outcome=Ring.Outcome.MISSED)

    assert agent.user.name == name
    assert words(chat) == [f"Rang for {name}.", f"Taken from {name}: it was not opened in time."]


@pytest.mark.parametrize("by", Chat.ClosedBy.values)
def test_every_end_has_its_words(service, by) -> None:
    chat = make_chat(service)
    transitions.close_chat(chat.pk, by=by)

    [line] = words(chat)
    assert line == f"The chat ended: {REASONS[by]}"


def test_an_entry_that_has_no_words_yet_is_shown_by_its_name(service, agent) -> None:
    chat = make_chat(service)
    audit.record(service, "chat.painted", chat.subject)
    audit.record(service, "chat.ticket_created", chat.subject, agent=agent)  # without its number

    assert words(chat) == ["chat.painted", "chat.ticket_created"]


def test_another_chat_s_and_another_service_s_entries_are_not_in_it(service, outsider) -> None:
    chat, other = make_chat(service), make_chat(service)
    audit.record(service, "chat.opened", other.subject)
    audit.record(outsider.service, "chat.opened", chat.subject, agent=outsider)

    assert words(chat) == []


def test_every_text_takes_the_values_it_names() -> None:
    values = {
        "policy": 1,
        "to": "A",
        "actor": "A",
        "was": "A",
        "reason": "r",
        "by": "b",
        "seq": 1,
        "number": 1,
        "score": 1,
    }
    values |= {"whom": "w", "length": "l", "why": "y", "path": "p", "tag": "t"}
    with translation.override("ko"):
        for text in words_of_actions().values():
            assert str(text) % values
