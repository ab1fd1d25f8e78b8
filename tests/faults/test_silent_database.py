"""Connections to PostgreSQL fall silent: they stay open, and nothing comes through. Messages go on within seconds."""

import time

import pytest

from tests.faults.people import wait_until
from tests.faults.silence import wire_to
from tests.faults.talk import assert_every_word_arrived, conversations, wait_for_more, write_all

BACK_WITHIN_S = 15


@pytest.fixture(scope="module")
def wire(cluster):
    """Between ``web3`` and the database."""
    with wire_to(cluster.postgres.url) as (made, url):
        web = cluster.add_web(DATABASE_URL=url)
        try:
            yield made
        finally:
            web.kill()
            del cluster.processes[web.name]


@pytest.fixture
def web(wire, cluster):
    name = list(cluster.processes)[-1]
    yield name
    wire.hear()


def is_ready(cluster, web) -> bool:
    return cluster[web].ask("/health/ready")[0] == 200


@pytest.mark.parametrize("new_ones", [False, True])
def test_messages_are_acknowledged_again_within_seconds(cluster, crowd, desk, wire, web, new_ones):
    pairs = conversations(desk, 3, customers_at=web, agents_at=web)
    write_all(crowd, pairs)
    wait_for_more(pairs, 30)
    wire.silence(new_ones=new_ones)
    if new_ones:
        wait_until(lambda: not is_ready(cluster, web), 10)
        time.sleep(5)
        assert not is_ready(cluster, web)
        wire.hear()
    took = wait_for_more(pairs, 30, BACK_WITHIN_S)
    print(f"acknowledged again after {took:.1f} s")
    wait_until(lambda: is_ready(cluster, web), 10)
    assert_every_word_arrived(desk, crowd, pairs)


def test_who_comes_back_meanwhile_is_greeted(desk, wire, web):
    agent, tab, customer = desk.conversation(customer_at=web, agent_at=web)
    wire.silence(new_ones=False)
    tab.cut()
    customer.cut()
    for client in (tab, customer):
        client.wait_for(lambda client=client: client.is_greeted, seconds=BACK_WITHIN_S * 2)
    assert desk.get(f"/desk/{desk.service.slug}/chat/{customer.chat}/history/", agent=agent, web=web).status == 200
