"""Invariant 6: what an admin, an operator or plain SQL switches reaches open sockets within 2 s, in every process."""

import pytest

from agents.models import Agent, Service
from chat.models import Chat
from helpcenter.models import HelpCenter
from tests.faults.desk import assert_nothing_lost, switch
from tests.faults.watch import WITHIN_S

FORBIDDEN = 4403


@pytest.mark.parametrize("taken", [{"chat_permission": False}, {"is_active": False}], ids=["permission", "membership"])
def test_a_permission_that_is_taken_closes_the_sockets_and_moves_the_chats(desk, taken):
    mina, first = desk.agent_here("Mina", web="web1")
    second = desk.tab(mina, web="web2")
    running = desk.chat_with(mina)
    ringing = desk.customer_here()
    theo, _ = desk.agent_here("Theo", web="web2")
    Agent.objects.filter(pk=mina.pk).update(**taken)
    for tab in (first, second):
        tab.wait_for(lambda tab=tab: tab.codes == [FORBIDDEN], seconds=WITHIN_S)
    for customer in (running, ringing):
        customer.wait_for(lambda customer=customer: desk.is_with(customer.chat, theo), seconds=WITHIN_S)
    assert desk.answer(mina, ringing.chat).status in {403, 404}


def test_a_closed_contract_ends_chats_and_sockets_and_starts(desk):
    agent, tab = desk.agent_here(web="web1")
    running = desk.chat_with(agent, web="web2")
    ringing = desk.customer_here(web="web1")
    switch(desk.service, chat=False)
    tab.wait_for(lambda: tab.codes == [FORBIDDEN], seconds=WITHIN_S)
    for customer in (running, ringing):
        customer.wait_for(lambda customer=customer: customer.state == "closed", seconds=WITHIN_S)
    assert [desk.start(web=web).status for web in ("web1", "web2")] == [409, 409]


def test_a_stopped_service_sends_everybody_away(desk):
    agent, tab = desk.agent_here(web="web1")
    running = desk.chat_with(agent, web="web2")
    Service.objects.filter(pk=desk.service.pk).update(is_stopped=True)
    tab.wait_for(lambda: tab.codes == [FORBIDDEN], seconds=WITHIN_S)
    running.wait_for(lambda: running.codes == [FORBIDDEN], seconds=WITHIN_S)
    assert desk.start().status == 404


def test_a_closed_help_center_refuses_starts_and_lets_running_chats_go_on(desk):
    agent, tab = desk.agent_here(web="web1")
    running = desk.chat_with(agent, web="web2")
    tab.watch(running.chat)
    HelpCenter.objects.filter(service=desk.service).update(chat_enabled=False)
    assert [desk.start(web=web).status for web in ("web1", "web2")] == [409, 409]
    running.say(running.chat, "Are you still there?")
    tab.say(running.chat, "Yes.")
    assert_nothing_lost(desk, running.chat, running, tab)
    assert desk.state_of(running.chat) == (Chat.State.ACTIVE, agent.pk)
    HelpCenter.objects.filter(service=desk.service).update(chat_enabled=True)
    assert [desk.start(web=web).status for web in ("web1", "web2")] == [201, 201]
