"""The agent at whom a chat rings opens it, and nobody else; then both sides are told and the customer is greeted."""

from functools import partial

import pytest

from agents.models import Agent, AuditEntry, Service
from chat.conversation import live
from chat.lifecycle import transitions, upkeep
from chat.lifecycle.transitions import answer_chat, pass_on
from chat.models import Chat, Ring
from chat.routing import assignment
from contiple.base.errors import Conflict
from helpcenter.models import HelpCenterText
from tests.agents.race import at_once
from tests.chat.comings import come_online, committed, make_ringing, state_of, wait_until_blocked
from tests.make import make_chat

State = Chat.State


def test_a_ringing_chat_becomes_the_agent_s(agent, told) -> None:
    chat = make_ringing(agent)

    with committed():
        opened = answer_chat(agent, chat.pk)

    assert opened.state == State.ACTIVE
    chat.refresh_from_db()
    assert (chat.state, chat.agent) == (State.ACTIVE, agent)
    assert chat.answered_at is not None
    ring = chat.rings.get()
    assert ring.outcome == Ring.Outcome.OPENED
    assert ring.ended_at is not None
    entry = AuditEntry.objects.get(subject=chat.subject)
    assert (entry.action, entry.agent) == ("chat.opened", agent)
    assert {topic for topic, _ in told} >= {live.chat_topic(chat.pk), live.agent_topic(agent.pk)}


def test_the_customer_sees_who_joined_and_the_greeting_in_the_customer_s_language(service, agent) -> None:
    HelpCenterText.objects.filter(help_center=service.help_center, language="ko").update(greeting="어서 오세요")
    chat = make_ringing(agent, language="ko")

    answer_chat(agent, chat.pk)

    joined, greeting = chat.messages.order_by("seq")
    assert (joined.event, joined.name, joined.body) == ("joined", "Mina", "")
    assert (greeting.author, greeting.name, greeting.body) == ("system", "Demo 고객센터", "어서 오세요")
    chat.refresh_from_db()
    assert (chat.last_line, chat.unread) == ("", 0), "what the service says is nobody's last line"


def test_a_service_with_the_longest_name_and_no_title_greets_too(service, agent) -> None:
    Service.objects.filter(pk=service.pk).update(name="N" * 80)
    HelpCenterText.objects.filter(help_center=service.help_center).update(title="")
    chat = make_ringing(Agent.objects.get(pk=agent.pk))

    answer_chat(agent, chat.pk)

    assert chat.messages.get(author="system", event="").name.startswith("NNNN")


def test_opening_it_again_is_nothing_new(agent) -> None:
    chat = make_ringing(agent)
    answer_chat(agent, chat.pk)
    before = Chat.objects.values().get(pk=chat.pk)

    assert answer_chat(agent, chat.pk).pk == chat.pk

    assert Chat.objects.values().get(pk=chat.pk) == before
    assert AuditEntry.objects.filter(action="chat.opened").count() == 1


def test_the_next_agent_does_not_greet_again(agent, colleague) -> None:
    chat = make_ringing(agent)
    answer_chat(agent, chat.pk)
    first_answered = Chat.objects.get(pk=chat.pk).answered_at
    pass_on(chat.pk, outcome=Ring.Outcome.GONE)
    come_online(colleague)
    transitions.assign_waiting_chats(chat.service_id)

    answer_chat(colleague, chat.pk)

    assert [message.event or message.body for message in chat.messages.order_by("seq")] == [
        "joined", "Hello! How can we help you?", "passed_on", "joined"
    ]  # fmt: skip
    assert Chat.objects.get(pk=chat.pk).answered_at == first_answered


@pytest.mark.parametrize("state", [State.WAITING, State.RINGING, State.ACTIVE, State.CLOSED])
def test_nobody_opens_what_is_with_somebody_else(service, agent, colleague, state) -> None:
    holder = None if state == State.WAITING else colleague
    chat = make_chat(service, agent=holder, state=state)

    with pytest.raises(Conflict):
        answer_chat(agent, chat.pk)

    assert state_of(chat) == (state, holder and holder.pk)
    assert not chat.messages.exists()


def test_one_s_own_closed_chat_is_not_opened_again(service, agent) -> None:
    chat = make_chat(service, agent=agent, state=State.CLOSED)

    with pytest.raises(Conflict):
        answer_chat(agent, chat.pk)


def test_another_service_s_chat_is_not_there(agent, outsider) -> None:
    chat = make_ringing(agent)

    with pytest.raises(Chat.DoesNotExist):
        answer_chat(outsider, chat.pk)

    assert state_of(chat) == (State.RINGING, agent.pk)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_open_it_once(agent) -> None:
    chat = make_ringing(agent)

    results = at_once(*[partial(answer_chat, agent, chat.pk)] * 6)

    assert {result.state for result in results} == {State.ACTIVE}
    assert chat.messages.count() == 2
    assert chat.rings.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_opens_it_at_the_last_moment_keeps_it(agent, colleague) -> None:
    """The worker has seen that it rang too long, and waits for the row while the agent opens it."""
    come_online(agent)
    come_online(colleague)
    chat = make_ringing(agent, for_s=assignment.RING_TIMEOUT_S + 1)

    assert at_once(partial(open_slowly, agent, chat), partial(after_lock, chat, upkeep.reconcile)) == [None, None]

    assert state_of(chat) == (State.ACTIVE, agent.pk)
    assert [ring.outcome for ring in chat.rings.all()] == [Ring.Outcome.OPENED]


@pytest.mark.django_db(transaction=True)
def test_what_is_opened_as_the_agent_goes_offline_stays_open(agent) -> None:
    come_online(agent)
    chat = make_ringing(agent)
    go_offline = partial(transitions.change_status, agent, "offline")

    assert at_once(partial(open_slowly, agent, chat), partial(after_lock, chat, go_offline)) == [None, None]

    assert state_of(chat) == (State.ACTIVE, agent.pk)


def open_slowly(agent, chat: Chat) -> None:
    """Opens it, and commits only when somebody waits for it."""
    with transitions.transaction.atomic():
        answer_chat(agent, chat.pk)
        wait_until_blocked()


def after_lock(chat: Chat, act) -> None:
    """Acts as soon as the chat's row is held by somebody."""
    held = False
    while not held:
        with transitions.transaction.atomic():
            held = not Chat.objects.filter(pk=chat.pk).select_for_update(skip_locked=True).exists()
    act()
