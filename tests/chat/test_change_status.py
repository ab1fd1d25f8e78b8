"""Online brings chats, Offline keeps them away; what rings goes to others, what is open stays."""

import pytest
from django.urls import reverse

from agents.models import Agent, AuditEntry
from chat.conversation import live
from chat.lifecycle.transitions import change_status
from chat.models import Chat, Ring
from contiple.base.errors import Closed, Invalid
from tests.chat.comings import be_here, come_online, committed, make_queue, make_ringing, state_of
from tests.make import make_chat

State = Chat.State
ONLINE, OFFLINE = Agent.ChatStatus.ONLINE, Agent.ChatStatus.OFFLINE
AWAY = [status for status in Agent.ChatStatus.values if status != ONLINE]  # Break and Offline


def test_coming_online_brings_the_first_who_waits(service, agent, told) -> None:
    be_here(agent=agent)
    chats = make_queue(service, 4)

    with committed():
        change_status(agent, ONLINE)

    assert [state_of(chat) for chat in chats] == [(State.RINGING, agent.pk)] * 3 + [(State.WAITING, None)]
    assert live.agent_topic(agent.pk) in {topic for topic, _ in told}
    assert AuditEntry.objects.get(action="agent.status").details == {"chat_status": ONLINE}


def test_online_without_a_socket_brings_nothing_yet(service, agent) -> None:
    [chat] = make_queue(service, 1)

    change_status(agent, ONLINE)

    assert state_of(chat) == (State.WAITING, None)


@pytest.mark.parametrize("status", AWAY)
def test_going_away_passes_on_what_rings_and_keeps_what_is_open(service, agent, colleague, status) -> None:
    come_online(agent)
    come_online(colleague)
    ringing, active = make_ringing(agent), make_chat(service, agent=agent)

    with committed():
        change_status(agent, status)

    assert state_of(ringing) == (State.RINGING, colleague.pk)
    assert state_of(active) == (State.ACTIVE, agent.pk)
    assert ringing.rings.get(agent=agent).outcome == Ring.Outcome.GONE


def test_going_offline_may_pass_on_what_is_open(service, agent, colleague, told) -> None:
    come_online(agent)
    come_online(colleague)
    chats = [make_chat(service, agent=agent) for _ in range(2)]

    with committed():
        change_status(agent, OFFLINE, pass_on_open=True)

    assert {state_of(chat) for chat in chats} == {(State.RINGING, colleague.pk)}
    assert live.agent_topic(agent.pk) in {topic for topic, _ in told}
    details = AuditEntry.objects.filter(action="chat.passed_on").values_list("details", flat=True)
    assert list(details) == [{"reason": "returned", "was": "Mina"}] * 2


def test_with_nobody_else_there_they_wait(service, agent) -> None:
    come_online(agent)
    chat = make_chat(service, agent=agent)

    with committed():
        change_status(agent, OFFLINE, pass_on_open=True)

    assert state_of(chat) == (State.WAITING, None)


def test_on_a_break_what_is_open_stays_whatever_is_asked(service, agent, colleague) -> None:
    come_online(agent)
    come_online(colleague)
    chat = make_chat(service, agent=agent)

    with committed():
        change_status(agent, Agent.ChatStatus.BREAK, pass_on_open=True)

    assert state_of(chat) == (State.ACTIVE, agent.pk)


# The page


def choose(browser, status: str, **fields):
    url = reverse("chat:status", args=["demo"])
    return browser.post(url, {"status": status, **fields}, headers={"X-Requested-With": "fetch"})


def test_offline_with_open_chats_asks_first_and_changes_nothing(service, agent, sign_in) -> None:
    come_online(agent)
    chats = [make_chat(service, agent=agent) for _ in range(2)]
    browser = sign_in(agent)

    for choice in ({}, {"open_chats": "whatever"}):
        answer = choose(browser, OFFLINE, **choice)

        assert answer.status_code == 200
        assert "You have 2 open chats." in answer.content.decode()
        assert Agent.objects.get(pk=agent.pk).chat_status == ONLINE
        assert {state_of(chat) for chat in chats} == {(State.ACTIVE, agent.pk)}


@pytest.mark.parametrize(("choice", "state"), [("keep", State.ACTIVE), ("pass_on", State.WAITING)])
def test_the_answer_is_done(service, agent, sign_in, choice, state) -> None:
    come_online(agent)
    chat = make_chat(service, agent=agent)

    with committed():
        assert choose(sign_in(agent), OFFLINE, open_chats=choice).status_code == 204

    assert Agent.objects.get(pk=agent.pk).chat_status == OFFLINE
    assert state_of(chat)[0] == state


def test_a_break_or_no_open_chat_is_not_asked_about(service, agent, sign_in) -> None:
    come_online(agent)
    make_ringing(agent)
    make_chat(service, agent=agent, state=State.CLOSED)
    assert choose(sign_in(agent), OFFLINE).status_code == 204

    make_chat(service, agent=agent)
    assert choose(sign_in(agent), Agent.ChatStatus.BREAK).status_code == 204


@pytest.mark.parametrize("status", AWAY)
def test_who_is_away_gets_no_new_chats(service, agent, status) -> None:
    come_online(agent)
    change_status(agent, status)
    [chat] = make_queue(service, 1)

    change_status(agent, status)

    assert state_of(chat) == (State.WAITING, None)


def test_choosing_online_again_does_not_end_the_wait(agent) -> None:
    come_online(agent, idle_for_s=600)
    since = agent.chat_idle_since

    change_status(agent, ONLINE)

    assert Agent.objects.get(pk=agent.pk).chat_idle_since == since


def test_without_permission_nobody_comes_online(service, agent) -> None:
    be_here(agent=agent)
    [chat] = make_queue(service, 1)
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)

    with pytest.raises(Closed):
        change_status(agent, ONLINE)

    assert Agent.objects.get(pk=agent.pk).chat_status == OFFLINE
    assert state_of(chat) == (State.WAITING, None)


@pytest.mark.parametrize("status", ["", "away", "ONLINE"])
def test_a_status_that_does_not_exist_is_refused(agent, status) -> None:
    with pytest.raises(Invalid):
        change_status(agent, status)

    assert Agent.objects.get(pk=agent.pk).chat_status == OFFLINE
