"""Invariant 3 around the worker: what web processes do without any, what waits for the next one, two at once."""

import contextlib
import time

import pytest
from django.db import connection

from agents.models import Agent
from chat.routing.assignment import RING_TIMEOUT_S
from tests.faults.desk import Desk, age_leases, give_lease, ring_for, switch
from tests.faults.people import wait_until
from tests.faults.watch import WITHIN_S, never

LOADING_S = 30  # until a new process does anything, on a busy machine


@pytest.fixture(autouse=True)
def a_worker_works(desk):
    """The one of the last test may have been killed; what is started again has to load first."""
    probe = Desk(desk.cluster, desk.crowd)
    agent, chat = probe.agent(), probe.waiting_chat()
    give_lease(agent)
    wait_until(lambda: probe.is_with(chat, agent), LOADING_S)


@pytest.fixture
def second_worker(cluster, tmp_path):
    beat = tmp_path / "beat"
    worker = cluster.add_worker("--beat-file", str(beat))
    wait_until(beat.exists, LOADING_S)
    yield worker
    worker.kill()
    del cluster.processes[worker.name]


def test_without_a_worker_web_processes_give_out_chats_by_themselves(cluster, desk):
    cluster["worker1"].kill()
    agent, _ = desk.agent_here(limit=1, web="web2")
    first = desk.customer_here(web="web1")
    assert desk.is_with(first.chat, agent)
    second = desk.customer_here(web="web1")
    third = desk.customer_here(web="web2")
    assert desk.end(agent, first.chat, web="web2").status == 200
    second.wait_for(lambda: desk.is_with(second.chat, agent), seconds=WITHIN_S)
    # A colleague comes by opening a page, and another by choosing Online.
    colleague, _ = desk.agent_here(limit=1, web="web1")
    third.wait_for(lambda: desk.is_with(third.chat, colleague), seconds=WITHIN_S)
    fourth = desk.customer_here(web="web1")
    chooser, _ = desk.agent_here(limit=1, online=False, web="web2")
    assert desk.set_status(chooser, Agent.ChatStatus.ONLINE, web="web2").status == 204
    fourth.wait_for(lambda: desk.is_with(fourth.chat, chooser), seconds=WITHIN_S)


def test_without_a_worker_web_processes_give_nobody_a_chat_who_may_not_have_one(cluster, desk):
    busy, _ = desk.agent_here(limit=1)
    desk.chat_with(busy)
    cluster["worker1"].kill()
    taken, _ = desk.agent_here()
    Agent.objects.filter(pk=taken.pk).update(chat_permission=False)
    customer = desk.customer_here()
    never(lambda: desk.state_of(customer.chat) != ("waiting", None), 1)


def test_a_new_worker_does_at_once_what_had_to_wait_for_it(cluster, desk):
    agent, _ = desk.agent_here("Lets it ring", web="web2")
    rings = desk.customer_here(web="web1")
    colleague, _ = desk.agent_here("Colleague", web="web1")
    cluster["worker1"].kill()
    ring_for(rings.chat, RING_TIMEOUT_S + 1)
    unseen = desk.waiting_chat()
    assert desk.is_with(rings.chat, agent)
    cluster["worker1"].start()
    wait_until(lambda: desk.state_of(unseen)[0] == "ringing", LOADING_S)
    rings.wait_for(lambda: desk.is_with(rings.chat, colleague), seconds=WITHIN_S)


def pause_between_transactions(process) -> None:
    """In the middle of one it would keep its locks until PostgreSQL ends the transaction (``test_hang`` is of that)."""
    for _try in range(20):
        process.pause()
        begun = transactions_that_stand_still()
        # Those of other processes end.
        with contextlib.suppress(AssertionError):
            wait_until(lambda begun=begun: not begun & transactions_that_stand_still(), 3)
            return
        process.resume()
        time.sleep(0.1)
    pytest.fail("it is always within a transaction")


def transactions_that_stand_still() -> set[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, xact_start FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        return set(cursor.fetchall())


@pytest.mark.parametrize("end", ["kill", "pause"])
@pytest.mark.usefixtures("second_worker")
def test_of_two_workers_one_may_go(cluster, desk, end):
    agent, tab = desk.agent_here("Gone", web="web2")
    customer = desk.customer_here(web="web1")
    colleague, _ = desk.agent_here("Colleague", web="web1")
    tab.vanish()  # open, it would answer the next beat, and be back
    try:
        if end == "kill":
            cluster["worker1"].kill()
        else:
            pause_between_transactions(cluster["worker1"])
        age_leases(agent, expired_s=1)
        customer.wait_for(lambda: desk.is_with(customer.chat, colleague), seconds=WITHIN_S)
        switch(desk.service, chat=False)
        customer.wait_for(lambda: customer.state == "closed", seconds=WITHIN_S)
    finally:
        cluster["worker1"].resume()


def test_a_worker_killed_again_and_again_in_the_middle_of_its_work_leaves_nothing_half_done(cluster, desk):
    first, _ = desk.agent_here("First", limit=20)
    chats = [desk.waiting_chat() for _ in range(20)]
    wait_until(lambda: desk.loads() == {first.pk: 20}, WITHIN_S)
    second, _ = desk.agent_here("Second", limit=20)
    for chat in chats:
        ring_for(chat, RING_TIMEOUT_S + 1)
    killed_at = []
    while desk.loads() != {second.pk: 20} and len(killed_at) < 3:
        wait_until(lambda: desk.loads()[second.pk] > len(killed_at) * 5, LOADING_S)
        cluster["worker1"].kill()
        killed_at.append(desk.loads()[second.pk])
        cluster["worker1"].start()
    wait_until(lambda: desk.loads() == {second.pk: 20}, LOADING_S)
    assert all(desk.rung(chat) == [(first.pk, "missed"), (second.pk, "")] for chat in chats)
