"""A process that hangs in the middle of a transaction, as behind a broken network, holds nobody up for long."""

import time

import pytest
from django.db import connection

from tests.faults.desk import Desk
from tests.faults.people import wait_until
from tests.faults.watch import WITHIN_S

LET_GO_S = 12  # PostgreSQL ends a transaction in which nothing happens any more


def services_held():
    """Those in which somebody gives out chats in a transaction that waits for its process."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND state = 'idle in transaction'"
        )
        return {service_id for (service_id,) in cursor.fetchall()}


@pytest.mark.soak
def test_a_worker_that_hangs_in_the_middle_of_its_work_gives_way(cluster, crowd, desk):
    desks = {held.service.pk: held for held in [desk, *(Desk(cluster, crowd) for _ in range(19))]}
    for held in desks.values():
        held.waiting_chat()
    worker = cluster["worker1"]

    def is_caught():
        worker.pause()
        time.sleep(0.02)
        if services_held() & set(desks):
            return True
        worker.resume()
        time.sleep(0.03)
        return False

    wait_until(is_caught, 30)
    try:
        (service_id,) = services_held() & set(desks)
        blocked = desks[service_id]
        agent = blocked.agent(limit=2)
        began = time.monotonic()
        blocked.tab(agent, web="web1")
        wait_until(lambda: blocked.loads()[agent.pk] == 1, LET_GO_S, otherwise="nobody is given a chat of this service")
        print(f"held up for {time.monotonic() - began:.1f} s")
    finally:
        worker.resume()
    newcomer = blocked.customer_here()
    newcomer.wait_for(lambda: blocked.is_with(newcomer.chat, agent), seconds=WITHIN_S)
