"""Invariant 1 without Redis: it carries deliveries between processes, and what is lost with it is in the database.

Each customer is at one web process, the agent at the other: without Redis, only numbers tell that something came.
"""

import contextlib
import time

import pytest
import redis

from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.presence import HEARTBEAT_S
from tests.faults.desk import Desk, assert_nothing_lost, give_lease, ring_for
from tests.faults.people import wait_until
from tests.faults.talk import assert_every_word_arrived, conversations, wait_for_more, write_all
from tests.faults.watch import WITHIN_S

BEAT_S = HEARTBEAT_S + 2  # a message is found by the next beat
SERVICES = 10


def apart(desk, number=1):
    return conversations(desk, number, customers_at="web1", agents_at="web2")


def delivery_s(speaker, listener, chat, seconds=BEAT_S):
    said = speaker.say(chat, "Can you read this?")
    return wait_until(lambda: said in listener.ids(chat).values(), seconds)


def is_delivered_at_once(speaker, listener, chat):
    said = speaker.say(chat, "And now?")
    with contextlib.suppress(AssertionError):
        return wait_until(lambda: said in listener.ids(chat).values(), 0.5)
    return False


def test_a_restart_of_redis_under_load_loses_and_doubles_nothing(cluster, crowd, desk):
    pairs = apart(desk, 2)
    write_all(crowd, pairs)
    wait_for_more(pairs, 20)
    cluster["redis"].kill()
    wait_for_more(pairs, 20)
    cluster["redis"].start()
    wait_for_more(pairs, 20)
    assert_every_word_arrived(desk, crowd, pairs, BEAT_S)


def test_after_a_restart_of_redis_deliveries_are_prompt_again(cluster, desk):
    ((customer, agent),) = apart(desk)
    cluster["redis"].kill()
    cluster["redis"].start()
    # The first ones may be lost while the layer is joined again; whatever comes next brings them along.
    wait_until(lambda: is_delivered_at_once(customer, agent, customer.chat), 5)
    wait_until(lambda: is_delivered_at_once(agent, customer, customer.chat), 5)
    assert_nothing_lost(desk, customer.chat, customer, agent, seconds=1)


def test_flushall_is_not_noticed(cluster, crowd, desk):
    pairs = apart(desk, 2)
    write_all(crowd, pairs)
    wait_for_more(pairs, 20)
    redis.Redis.from_url(cluster.redis_url).flushall()
    wait_for_more(pairs, 20)
    customer, agent = pairs[0]
    assert delivery_s(customer, agent, customer.chat) < 1
    assert_every_word_arrived(desk, crowd, pairs, seconds=2)


def test_without_redis_messages_and_rings_cross_by_the_database(cluster, desk):
    ((customer, agent),) = apart(desk)
    other, tab = desk.agent_here(web="web2", limit=5)
    cluster["redis"].kill()
    said = customer.say(customer.chat, "Nobody carries this.")
    customer.wait_for(lambda: said in customer.acknowledged, seconds=2)
    answer = agent.say(customer.chat, "Nor this.")
    agent.wait_for(lambda: answer in agent.acknowledged, seconds=2)
    newcomer = desk.customer_here(web="web1")
    newcomer.wait_for(lambda: desk.state_of(newcomer.chat)[0] == "ringing", seconds=2)
    wait_until(lambda: said in agent.ids(customer.chat).values(), BEAT_S)
    wait_until(lambda: answer in customer.ids(customer.chat).values(), BEAT_S)
    assert_nothing_lost(desk, customer.chat, customer, agent)
    holder = tab if desk.state_of(newcomer.chat)[1] == other.pk else agent
    holder.wait_for(lambda: newcomer.chat in holder.chats, seconds=BEAT_S)
    assert [customer.codes, agent.codes, tab.codes] == [[], [], []]


def test_a_redis_that_hangs_holds_up_nobody(cluster, desk):
    """As behind a broken network: connections stay, and nothing answers."""
    mina, _ = desk.agent_here("Mina", web="web2", limit=1)
    ringing = desk.customer_here(web="web1")
    assert desk.is_with(ringing.chat, mina)
    theo, _ = desk.agent_here("Theo", web="web2", limit=1)
    ((customer, agent),) = apart(desk)
    cluster["redis"].pause()
    try:
        for speaker in (customer, agent):
            said = speaker.say(customer.chat, "Does this take long?")
            speaker.wait_for(lambda speaker=speaker, said=said: said in speaker.acknowledged, seconds=WITHIN_S)
        ring_for(ringing.chat, RING_TIMEOUT_S + 1)
        ringing.wait_for(lambda: desk.is_with(ringing.chat, theo), "the worker hangs", seconds=WITHIN_S)
        ada, _ = desk.agent_here("Ada", web="web1", limit=1)
        ring_for(ringing.chat, RING_TIMEOUT_S + 1)
        ringing.wait_for(lambda: desk.is_with(ringing.chat, ada), "the worker hangs", seconds=WITHIN_S)
    finally:
        cluster["redis"].resume()
    assert_nothing_lost(desk, customer.chat, customer, agent, seconds=BEAT_S)


@pytest.mark.soak
def test_redis_gone_for_thirty_seconds(cluster, crowd, desk):
    pairs = apart(desk, 2)
    write_all(crowd, pairs, every_s=0.5)
    cluster["redis"].kill()
    late, gone_until = [], time.monotonic() + 30
    customer, agent = pairs[0]
    while time.monotonic() < gone_until:
        late.append(delivery_s(customer, agent, customer.chat))
    print(f"without Redis a message was shown after {[f'{seconds:.1f}' for seconds in late]} s")
    cluster["redis"].start()
    time.sleep(2)
    assert_every_word_arrived(desk, crowd, pairs, BEAT_S)
    assert delivery_s(customer, agent, customer.chat) < 0.5


def test_a_redis_that_hangs_does_not_make_services_wait_for_one_another(cluster, crowd):
    desks = [Desk(cluster, crowd) for _ in range(SERVICES)]
    agents = [desk.agent(limit=1) for desk in desks]
    chats = [desk.waiting_chat() for desk in desks]
    cluster["redis"].pause()
    try:
        for agent in agents:
            give_lease(agent)
        waiting = dict(zip(chats, agents, strict=True))
        wait_until(
            lambda: all(desks[0].is_with(chat, agent) for chat, agent in waiting.items()),
            WITHIN_S,
            otherwise=lambda: f"{[desks[0].state_of(chat) for chat in chats]}",
        )
    finally:
        cluster["redis"].resume()
