"""Invariants 2, 3 and 5: who gets a chat, in which order, never too many; with two workers and two web processes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from agents.models import Agent
from chat.models import Chat
from chat.routing.assignment import RING_TIMEOUT_S
from tests.faults.desk import age_leases, assert_within_limits, give_lease, ring_for
from tests.faults.people import wait_until
from tests.faults.watch import TICKS_S, WITHIN_S, never

Status = Agent.ChatStatus


@pytest.fixture(scope="module", autouse=True)
def second_worker(cluster):
    worker = cluster.add_worker()
    yield
    worker.kill()
    del cluster.processes[worker.name]


def queue(desk, state):
    chats = Chat.objects.filter(service=desk.service, state=state).order_by("waiting_since", "pk")
    return list(chats.values_list("pk", flat=True))


def test_nobody_is_assigned_who_is_not_online_reachable_permitted(desk):
    full, _tab = desk.agent_here("Full", limit=1)
    running = desk.chat_with(full)
    away = [
        desk.agent_here("On a break", online=False)[0],
        desk.agent("Without a page"),
        desk.agent("Gone"),  # a page that is open would answer the next beat, and be back
        desk.agent("Not permitted", chat_permission=False),
        desk.agent("Left the service", is_active=False),
        desk.agent("Offline"),
    ]
    assert desk.set_status(away[0], Status.BREAK).status == 204
    Agent.objects.filter(pk=away[5].pk).update(chat_status=Status.OFFLINE)
    for agent in away[2:]:
        give_lease(agent)
    age_leases(away[2], expired_s=1)
    customers = [desk.customer_here(), desk.customer_here(), desk.customer_here()]
    never(lambda: Chat.objects.filter(service=desk.service, state=Chat.State.RINGING).exists())
    assert desk.end(full, running.chat).status == 200
    customers[0].wait_for(lambda: desk.is_with(customers[0].chat, full), seconds=WITHIN_S)
    assert desk.loads() == {full.pk: 1}


@pytest.mark.slow
def test_many_starts_at_once_on_both_processes_never_pass_a_limit_and_then_ring_in_order(desk):
    agents = [desk.agent_here(limit=2, web=web)[0] for web in ("web1", "web2", "web1")]
    seen, done = [], threading.Event()

    def watch():
        while not done.is_set():
            seen.append(max(desk.loads().values(), default=0))
        connection.close()

    def start(number):
        try:
            desk.customer_here(web=f"web{1 + number % 2}", name=f"Jun {number}")
        finally:
            connection.close()

    with desk.in_threads(), ThreadPoolExecutor(17) as pool:
        watching = pool.submit(watch)
        list(pool.map(start, range(16)))
        time.sleep(TICKS_S)
        done.set()
        watching.result()
    assert max(seen) == 2
    assert desk.loads() == {agent.pk: 2 for agent in agents}
    ringing = queue(desk, Chat.State.RINGING)
    assert all(desk.acts("chat.assigned", chat) == 1 for chat in ringing)
    # Which of those that start in the same moment is committed first is chance; from then on it is their order.
    for chat in ringing:
        first, *_others = queue(desk, Chat.State.WAITING)
        (holder,) = (agent for agent in agents if desk.is_with(chat, agent))
        assert desk.end(holder, chat).status == 200
        wait_until(lambda first=first: desk.state_of(first)[0] == Chat.State.RINGING, WITHIN_S)
        assert_within_limits(desk)


def test_first_come_first_served_whichever_process_has_them(desk):
    agent, tab = desk.agent_here(limit=1)
    customers = [desk.customer_here(web=f"web{1 + number % 2}") for number in range(5)]
    served = []
    for number in range(5):
        tab.wait_for(lambda: tab.desk["ringing"] == 1, seconds=WITHIN_S)
        (chat,) = tab.chats
        served.append(chat)
        assert desk.answer(agent, chat, web=f"web{1 + number % 2}").status == 200
        assert desk.end(agent, chat, web=f"web{1 + (number + 1) % 2}").status == 200
        tab.wait_for(lambda chat=chat: chat not in tab.chats)
    assert served == [customer.chat for customer in customers]


def test_a_ring_not_opened_in_time_goes_to_the_next_and_not_at_once_back(desk):
    mina, _ = desk.agent_here("Mina", web="web1")
    customer = desk.customer_here()
    assert desk.is_with(customer.chat, mina)
    theo, theos = desk.agent_here("Theo", web="web2")
    ring_for(customer.chat, RING_TIMEOUT_S - 3)
    never(lambda: not desk.is_with(customer.chat, mina), 1.5)
    ring_for(customer.chat, RING_TIMEOUT_S + 1)
    customer.wait_for(lambda: desk.is_with(customer.chat, theo), seconds=WITHIN_S)
    theos.wait_for(lambda: customer.chat in theos.chats)
    ring_for(customer.chat, RING_TIMEOUT_S + 1)
    customer.wait_for(lambda: desk.state_of(customer.chat) == ("waiting", None), seconds=WITHIN_S)
    never(lambda: desk.state_of(customer.chat) != ("waiting", None))
    assert desk.rung(customer.chat) == [(mina.pk, "missed"), (theo.pk, "missed")]
    ada, _ = desk.agent_here("Ada", web="web1")
    customer.wait_for(lambda: desk.is_with(customer.chat, ada), seconds=WITHIN_S)


def test_two_workers_pass_on_each_missed_ring_once(desk):
    first, _ = desk.agent_here("First", limit=12)
    chats = [desk.waiting_chat() for _ in range(12)]
    wait_until(lambda: desk.loads() == {first.pk: 12}, WITHIN_S)
    second, _ = desk.agent_here("Second", limit=6)
    third, _ = desk.agent_here("Third", limit=6)
    Chat.objects.filter(pk__in=chats).update(ringing_since=desk.now(-RING_TIMEOUT_S - 1))
    wait_until(lambda: desk.loads() == {second.pk: 6, third.pk: 6}, 10)
    never(lambda: desk.loads() != {second.pk: 6, third.pk: 6}, 1.5)
    for chat in chats:
        assert desk.acts("chat.passed_on", chat) == 1
        assert [outcome for _agent, outcome in desk.rung(chat)] == ["missed", ""]
    assert_within_limits(desk)


def test_what_nobody_has_given_out_is_found_within_two_seconds(desk):
    """As if the web process had ended between the commit of the chat and the look at who is free."""
    agent, tab = desk.agent_here()
    chat = desk.waiting_chat()
    wait_until(lambda: desk.is_with(chat, agent), WITHIN_S)
    tab.wait_for(lambda: chat in tab.chats, seconds=1)


def test_where_everybody_has_let_it_ring_the_customer_is_told_once_and_can_leave_an_inquiry(desk):
    agents = [desk.agent_here(name)[0] for name in ("Mina", "Theo")]
    customer = desk.customer_here()
    customer.say(customer.chat, "The parcel came broken.")
    for number in (1, 2):
        customer.wait_for(lambda: desk.state_of(customer.chat)[0] == Chat.State.RINGING, seconds=WITHIN_S)
        assert not any("None of our agents" in frame["html"] for frame in customer.heard("status"))
        ring_for(customer.chat, RING_TIMEOUT_S + 1)
        customer.wait_for(lambda number=number: desk.missed(customer.chat) == number, seconds=WITHIN_S)
    customer.wait_for(lambda: customer.heard("status", state="waiting"), seconds=WITHIN_S)
    customer.wait_for(lambda: "None of our agents" in customer.heard("status")[-1]["html"], seconds=WITHIN_S)
    assert 'data-action="inquire"' in customer.heard("status")[-1]["html"]
    assert {agent for agent, _outcome in desk.rung(customer.chat)} == {agent.pk for agent in agents}
    never(lambda: desk.acts("chat.inquiry_offered", customer.chat) != 1, 1.5)
    form = desk.post(f"/hc/{desk.service.slug}/contact/from-chat/", {"token": customer.token, "message": "And now?"})
    assert "The parcel came broken.\nAnd now?" in form.text


def test_two_workers_remind_and_end_each_silent_chat_once(desk):
    agent, _ = desk.agent_here(limit=10)
    customers = [desk.chat_with(agent) for _ in range(10)]
    chats = [customer.chat for customer in customers]
    Chat.objects.filter(pk__in=chats).update(unanswered_since=desk.now(-5 * 60 - 1))
    wait_until(lambda: Chat.objects.filter(pk__in=chats).exclude(reminded_at=None).count() == 10)
    never(lambda: [desk.events(chat, "reminded_end") for chat in chats] != [1] * 10, 1.5)
    Chat.objects.filter(pk__in=chats).update(unanswered_since=desk.now(-901), reminded_at=desk.now(-601))
    for customer in customers:
        customer.wait_for(lambda customer=customer: customer.state == "closed")
    assert [desk.events(chat, "closed_idle") for chat in chats] == [1] * 10
    assert [desk.acts("chat.closed", chat) for chat in chats] == [1] * 10
