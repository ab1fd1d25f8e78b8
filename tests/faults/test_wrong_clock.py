"""One process whose clock is five minutes off, ahead or behind, among others whose clocks are right."""

from pathlib import Path

import pytest

from chat.models import Chat
from chat.routing import presence
from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.presence import LEASE_S
from contiple.local.processes import Process
from tests.faults.desk import assert_nothing_lost, ring_for
from tests.faults.people import wait_until
from tests.faults.watch import TICKS_S, WITHIN_S, remains

FIVE_MINUTES_S = 5 * 60


@pytest.fixture(scope="module", params=[FIVE_MINUTES_S, -FIVE_MINUTES_S], ids=["ahead", "behind"])
def off_s(request):
    return request.param


@pytest.fixture(scope="module", autouse=True)
def processes_with_a_wrong_clock(cluster, off_s):
    """The clock of the first web process is right, those of the other one and of the only worker are not."""
    right = [cluster.processes.pop(name) for name in ("web2", "worker1")]
    for process in right:
        process.stop()
    wrong = {"PYTHONPATH": str(Path(__file__).parent / "wrong_clock"), "CLOCK_OFF_S": str(off_s)}
    members: list[Process] = [cluster.add_web(**wrong), cluster.add_worker(**wrong)]
    yield
    for member in members:
        member.kill()
    for process in right:
        cluster.processes[process.name] = process
        process.start()


def off(moment, now):
    return (moment - now).total_seconds()


def test_the_clock_is_off_indeed(cluster, off_s):
    processes = [cluster["web2"], cluster["worker1"]]
    wait_until(lambda: all(f"This clock is off by {off_s:.0f} s." in process.log for process in processes))
    assert "This clock" not in cluster["web1"].log


def test_leases_are_neither_lost_nor_prolonged(desk):
    agent, tab = desk.agent_here(web="web2")
    customer = desk.customer_here(web="web1")
    lease = agent.leases.get()
    assert LEASE_S - 5 < off(lease.expires_at, desk.now()) <= LEASE_S
    remains(lambda: presence.reachable_agents(desk.service).exists() and desk.is_with(customer.chat, agent))
    tab.vanish()
    # Again and again: an answer that was under way may still have renewed the lease.
    wait_until(
        lambda: agent.leases.update(expires_at=desk.now(-1)) and desk.state_of(customer.chat) == ("waiting", None),
        WITHIN_S,
    )


def test_a_ring_lasts_as_long_as_everywhere(desk):
    mina, _ = desk.agent_here("Mina", web="web2")
    customer = desk.customer_here(web="web2")
    theo, _ = desk.agent_here("Theo", web="web1")
    ring_for(customer.chat, RING_TIMEOUT_S - 4)
    remains(lambda: desk.is_with(customer.chat, mina))
    ring_for(customer.chat, RING_TIMEOUT_S + 1)
    customer.wait_for(lambda: desk.is_with(customer.chat, theo), seconds=WITHIN_S)


def test_the_queue_is_in_the_order_of_arrival(desk):
    agent, tab = desk.agent_here(limit=1, web="web1")
    customers = [desk.customer_here(web=f"web{1 + number % 2}") for number in range(4)]
    served = []
    for number in range(4):
        tab.wait_for(lambda: tab.desk["ringing"] == 1, seconds=WITHIN_S)
        (chat,) = tab.chats
        served.append(chat)
        assert desk.answer(agent, chat, web=f"web{1 + number % 2}").status == 200
        assert desk.end(agent, chat, web=f"web{1 + number % 2}").status == 200
        tab.wait_for(lambda chat=chat: chat not in tab.chats)
    assert served == [customer.chat for customer in customers]


def test_messages_through_both_processes_have_one_order(desk):
    _agent, tab, customer = desk.conversation(customer_at="web1", agent_at="web2")
    for number in range(5):
        for client in (customer, tab):
            said = client.say(customer.chat, f"Line {number}")
            client.wait_for(lambda client=client, said=said: said in client.acknowledged)
    assert_nothing_lost(desk, customer.chat, customer, tab)
    assert [shown.author for shown in customer.screen[customer.chat].values()] == ["customer", "agent"] * 5


def test_a_customer_who_has_just_started_is_not_taken_for_gone(desk):
    """Between the form and the first socket, and while the page is loaded again."""
    desk.agent_here(web="web1")
    answer = desk.start(web="web2")
    chat = desk.chat_of(answer.token)
    remains(lambda: desk.state_of(chat.pk)[0] == Chat.State.WAITING, TICKS_S)
    desk.customer(answer.token, chat.pk, web="web1")
    remains(lambda: desk.state_of(chat.pk)[0] == Chat.State.RINGING, TICKS_S)


def test_an_agent_who_has_just_come_online_is_not_set_offline(desk):
    agent, tab = desk.agent_here(online=False, web="web2")
    assert desk.set_status(agent, "online", web="web2").status == 204
    tab.wait_for(lambda: tab.desk["status"] == "online")
    remains(lambda: tab.desk["status"] == "online")
