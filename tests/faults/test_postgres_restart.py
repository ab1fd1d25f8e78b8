"""Invariants 1 and 3 when the database goes and comes back under load, in order or by `kill -9`."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.desk import assert_nothing_lost, when_database_answers
from tests.faults.talk import assert_every_word_arrived, conversations, wait_for_more, write_all

# What is refused is sent again after 2 s; a pool that found nobody tries again later and later.
BACK_WITHIN_S = 15
AT_ONCE_S = 1.5


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_of_postgres_under_load_loses_and_doubles_nothing(cluster, crowd, desk, end):
    pairs = conversations(desk, 3)
    write_all(crowd, pairs)
    wait_for_more(pairs, 40)
    getattr(cluster.postgres, end)()
    time.sleep(1)
    cluster.postgres.start()
    when_database_answers()
    wait_for_more(pairs, 60, BACK_WITHIN_S)
    assert_every_word_arrived(desk, crowd, pairs)
    assert all(process.is_running for process in cluster)


def test_after_a_restart_of_postgres_chats_are_given_out_as_before(cluster, desk):
    agent, tab = desk.agent_here(limit=1)
    running = desk.chat_with(agent)
    cluster.postgres.restart()
    when_database_answers()
    waiting = desk.customer_here()
    assert desk.state_of(waiting.chat) == ("waiting", None)
    assert desk.end(agent, running.chat).status == 200
    waiting.wait_for(lambda: desk.is_with(waiting.chat, agent), seconds=2)
    tab.wait_for(lambda: waiting.chat in tab.chats)
    assert_nothing_lost(desk, running.chat, running)


def test_who_asks_first_after_a_restart_of_postgres_does_not_pay_for_the_connections_that_are_gone(cluster, desk):
    agent, _tab, customer = desk.conversation()
    page = f"/desk/{desk.service.slug}/chat/{customer.chat}/history/"

    def ask(_number=0):
        return desk.get(page, agent=agent, web="web1").status

    with ThreadPoolExecutor(16) as many:
        assert set(many.map(ask, range(64))) == {200}  # the pool has grown
    cluster.postgres.restart()
    when_database_answers()
    began = time.monotonic()
    assert ask() == 200
    assert time.monotonic() - began < AT_ONCE_S
