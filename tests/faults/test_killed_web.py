"""Invariant 1 where web processes and lines break: what is acknowledged is there once, at one place."""

import random
import time
import uuid

import pytest

from tests.faults.desk import assert_nothing_lost
from tests.faults.talk import (
    assert_every_word_arrived,
    clients,
    codes,
    conversations,
    sent_again,
    wait_for_more,
    write_all,
)


def test_a_web_process_killed_in_the_middle_of_sends_loses_and_doubles_nothing(cluster, crowd, desk):
    pairs = conversations(desk, 4)
    write_all(crowd, pairs)
    for web in cluster.web_processes:
        wait_for_more(pairs, 40)
        web.kill()
        wait_for_more(pairs, 40)
        web.start()
    assert_every_word_arrived(desk, crowd, pairs)
    assert set(codes(pairs)) == {1006}
    assert all(client.codes for client in clients(pairs)), "each of them was at one of the killed processes"


def test_a_socket_cut_without_a_close_frame_loses_and_doubles_nothing(crowd, desk):
    pairs = conversations(desk, 2)
    write_all(crowd, pairs)
    for _ in range(12):
        client = random.choice(random.choice(pairs))
        if client.is_open:
            # On its way, and so is the end of the line: nobody will hear the acknowledgement.
            client.say(pairs[0][0].chat if client in pairs[0] else pairs[1][0].chat, "cut off")
            client.cut()
        time.sleep(0.2)
    assert_every_word_arrived(desk, crowd, pairs)
    assert sent_again(pairs) > 0


def test_who_comes_back_is_shown_at_once_what_was_missed_once(desk):
    _agent, desk_tab, customer = desk.conversation()
    customer.say(customer.chat, "Before")
    customer.wait_for(lambda: not customer.outbox and len(desk_tab.ids(customer.chat)) == 1)
    for client, other in ((customer, desk_tab), (desk_tab, customer)):
        client.cut()
        for number in range(3):
            other.say(customer.chat, f"While you were away {number}")
        client.wait_for(lambda client=client: not client.is_open)
        client.wait_for(lambda client=client: client.is_greeted)
        assert_nothing_lost(desk, customer.chat, customer, desk_tab, seconds=1)


def test_a_message_sent_many_times_on_two_processes_is_stored_once_and_answered_alike(desk):
    _agent, desk_tab, customer = desk.conversation(customer_at="web1", agent_at="web2")
    second = desk.customer(customer.token, customer.chat, web="web2")
    ids = [str(uuid.uuid4()) for _ in range(10)]
    for client_id in ids:
        for tab in (customer, second):
            tab.say(customer.chat, f"Once: {client_id}", client_id)
            tab.tell("send", client_id=client_id, body=f"Once: {client_id}")
    assert_nothing_lost(desk, customer.chat, customer, second, desk_tab)
    assert customer.acknowledged == second.acknowledged
    assert sorted(customer.acknowledged) == sorted(ids)


def test_acknowledgements_that_come_out_of_order_leave_one_order_for_everybody(cluster, desk):
    _agent, desk_tab, customer = desk.conversation(customer_at="web1", agent_at="web2")
    second = desk.customer(customer.token, customer.chat, web="web2")
    cluster["web1"].pause()
    try:
        first_said = customer.say(customer.chat, "Said first, in a process that hangs")
        then_said = second.say(customer.chat, "Said second")
        second.wait_for(lambda: then_said in second.acknowledged)
        assert first_said in customer.outbox
    finally:
        cluster["web1"].resume()
    assert_nothing_lost(desk, customer.chat, customer, second, desk_tab)
    assert second.acknowledged[then_said] < customer.acknowledged[first_said]


@pytest.mark.parametrize("line", ["left", "cut"])
def test_what_a_hanging_process_takes_up_late_is_not_stored_again(cluster, desk, line):
    _agent, desk_tab, customer = desk.conversation(customer_at="web1", agent_at="web2")
    cluster["web1"].pause()
    try:
        said = customer.say(customer.chat, "Is anybody there?")
        # The page is loaded again and comes to the other process, with what it kept.
        again = desk.customer(customer.token, customer.chat, web="web2")
        again.say(customer.chat, "Is anybody there?", said)
        again.wait_for(lambda: said in again.acknowledged)
        {"left": customer.close, "cut": customer.vanish}[line]()
    finally:
        cluster["web1"].resume()
    time.sleep(0.5)
    assert_nothing_lost(desk, customer.chat, again, desk_tab)
