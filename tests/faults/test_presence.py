"""Invariant 4: who is there is never shown gone, who is gone is not shown there, and what becomes of the chats."""

import time

import pytest

from chat.lifecycle.upkeep import AGENT_GRACE_S
from chat.models import Chat, Lease
from chat.routing import presence
from chat.routing.presence import HEARTBEAT_S, LEASE_S, RELOAD_GRACE_S
from tests.faults.desk import age_leases, assert_nothing_lost, assert_within_limits
from tests.faults.people import wait_until
from tests.faults.watch import WITHIN_S, remains


def reachable(desk, agent):
    return presence.reachable_agents(desk.service).filter(pk=agent.pk).exists()


def lease_left_s(desk, agent):
    return (Lease.objects.filter(agent=agent).latest("expires_at").expires_at - desk.now()).total_seconds()


def test_an_agent_in_two_tabs_on_two_processes_sees_the_same_in_both_and_has_one_limit(desk):
    agent, first = desk.agent_here(limit=2, web="web1")
    second = desk.tab(agent, web="web2")
    customers = [desk.customer_here(web=web) for web in ("web1", "web2", "web1")]
    rung = {customer.chat for customer in customers[:2]}
    for tab in (first, second):
        tab.wait_for(lambda tab=tab: tab.chats == rung and tab.desk["ringing"] == 2)
    assert desk.state_of(customers[2].chat) == ("waiting", None)
    chat = customers[0].chat
    assert desk.answer(agent, chat, web="web2").status == 200
    for tab in (first, second):
        tab.wait_for(lambda tab=tab: tab.desk["ringing"] == 1)
        tab.watch(chat)
    customers[0].say(chat, "Who of you is it?")
    first.say(chat, "The one on the left.")
    second.say(chat, "The one on the right.")
    assert_nothing_lost(desk, chat, customers[0], first, second)
    assert_within_limits(desk)


def test_closing_one_of_two_tabs_leaves_the_agent_reachable(desk):
    agent, first = desk.agent_here(web="web1")
    second = desk.tab(agent, web="web2")
    customer = desk.customer_here()
    first.close()
    wait_until(lambda: Lease.objects.filter(agent=agent, expires_at__lt=desk.now(RELOAD_GRACE_S + 1)).exists(), 2)
    # Its grace is over.
    Lease.objects.filter(agent=agent, expires_at__lt=desk.now(RELOAD_GRACE_S + 1)).update(expires_at=desk.now(-1))
    remains(lambda: reachable(desk, agent) and desk.is_with(customer.chat, agent))
    second.close()
    wait_until(lambda: lease_left_s(desk, agent) < RELOAD_GRACE_S + 1, 2)
    age_leases(agent, expired_s=1)
    customer.wait_for(lambda: desk.state_of(customer.chat) == ("waiting", None), seconds=WITHIN_S)


def test_a_change_of_page_within_the_grace_is_not_noticed(desk):
    agent, tab = desk.agent_here(web="web1")
    running = desk.chat_with(agent)
    ringing = desk.customer_here()
    assert lease_left_s(desk, agent) > LEASE_S - 5
    tab.close()
    wait_until(lambda: lease_left_s(desk, agent) <= RELOAD_GRACE_S, 2)
    remains(lambda: reachable(desk, agent) and desk.is_with(ringing.chat, agent))
    again = desk.tab(agent, web="web2")
    again.wait_for(lambda: again.chats == {running.chat, ringing.chat})
    assert lease_left_s(desk, agent) > LEASE_S - 5
    assert desk.acts("chat.passed_on", ringing.chat) == desk.acts("chat.passed_on", running.chat) == 0


def test_a_heartbeat_that_comes_late_but_within_the_lease_keeps_everything(desk):
    """A tab in the background, whose timers the browser throttles."""
    agent, tab = desk.agent_here()
    customer = desk.customer_here()
    Lease.objects.filter(agent=agent).update(expires_at=desk.now(2))  # nothing was heard for 43 s
    remains(lambda: reachable(desk, agent) and desk.is_with(customer.chat, agent), 1)
    tab.tell("beat", sent=0)
    wait_until(lambda: lease_left_s(desk, agent) > LEASE_S - 5, 1)
    remains(lambda: reachable(desk, agent) and desk.is_with(customer.chat, agent))


def test_of_an_agent_who_is_gone_ringing_chats_go_on_at_once_and_opened_ones_after_the_grace(desk):
    mina, tab = desk.agent_here("Mina", web="web1")
    running = desk.chat_with(mina)
    ringing = desk.customer_here()
    assert desk.is_with(ringing.chat, mina)
    theo, theos = desk.agent_here("Theo", web="web2")
    tab.vanish()
    age_leases(mina, expired_s=1)
    ringing.wait_for(lambda: desk.is_with(ringing.chat, theo), seconds=WITHIN_S)
    age_leases(mina, expired_s=AGENT_GRACE_S - 5)
    remains(lambda: desk.is_with(running.chat, mina, Chat.State.ACTIVE))
    age_leases(mina, expired_s=AGENT_GRACE_S + 1)
    running.wait_for(lambda: desk.is_with(running.chat, theo), seconds=WITHIN_S)
    theos.wait_for(lambda: theos.chats == {running.chat, ringing.chat})
    # Mina's laptop wakes up: what went on comes back to nobody.
    back = desk.tab(mina, web="web1")
    remains(lambda: back.chats == set() and desk.is_with(running.chat, theo) and desk.is_with(ringing.chat, theo))
    assert [desk.acts("chat.passed_on", chat) for chat in (running.chat, ringing.chat)] == [1, 1]


def test_a_laptop_that_wakes_within_the_grace_keeps_its_chats(desk):
    agent, tab = desk.agent_here(web="web1")
    running = desk.chat_with(agent)
    _colleague, _ = desk.agent_here(web="web2")
    tab.vanish()
    age_leases(agent, expired_s=AGENT_GRACE_S - 5)
    remains(lambda: not reachable(desk, agent) and desk.is_with(running.chat, agent, Chat.State.ACTIVE))
    back = desk.tab(agent, running.chat, web="web2")
    said = back.say(running.chat, "I am back.")
    back.wait_for(lambda: said in back.acknowledged)
    remains(lambda: desk.is_with(running.chat, agent, Chat.State.ACTIVE))
    assert_nothing_lost(desk, running.chat, running, back)


def test_an_answer_that_comes_after_the_lease_was_taken_ends_the_socket_and_brings_it_back(desk):
    agent, tab = desk.agent_here()
    Lease.objects.filter(agent=agent).delete()
    tab.tell("beat", sent=0)
    tab.wait_for(lambda: tab.codes == [4500] and tab.is_greeted)
    assert reachable(desk, agent)


@pytest.mark.soak
def test_a_machine_that_is_switched_off_by_the_clock_on_the_wall(desk):
    """Nothing moved by hand: ringing chats go on within the lease, opened ones within lease and grace."""
    mina, tab = desk.agent_here("Mina", web="web1", limit=5)
    running = desk.chat_with(mina)
    theo, _ = desk.agent_here("Theo", web="web2", limit=1)
    busy = desk.chat_with(theo)
    began = time.monotonic()
    tab.vanish()
    remains(lambda: reachable(desk, mina), LEASE_S - HEARTBEAT_S)
    wait_until(lambda: not reachable(desk, mina), LEASE_S + WITHIN_S)
    assert desk.end(theo, busy.chat).status == 200
    running.wait_for(lambda: desk.is_with(running.chat, theo), seconds=LEASE_S + AGENT_GRACE_S + WITHIN_S)
    gone_s = time.monotonic() - began
    print(f"the opened chat went on after {gone_s:.0f} s")
    assert AGENT_GRACE_S < gone_s <= LEASE_S + AGENT_GRACE_S + WITHIN_S


@pytest.mark.soak
def test_a_tab_whose_every_second_beat_is_late_is_never_shown_gone(desk):
    agent, tab = desk.agent_here()

    def beat_late():
        for _ in range(3):
            tab.answers_beats = False
            yield from range(2 * HEARTBEAT_S)
            tab.tell("beat", sent=0)

    for _ in beat_late():
        remains(lambda: reachable(desk, agent), 1)
