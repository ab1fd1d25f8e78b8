"""Somebody locks a table, and many open what is in it: other pages and messages go on."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.faults.talk import assert_every_word_arrived, conversations, wait_for_more, write_all

MANY = 20  # more than are served at once
OTHERS_WITHIN_S = 10  # the threads wait for a lock twice


@contextlib.contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    with psycopg.connect(url) as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.execute(f"LOCK TABLE {table}")
        yield
        connection.rollback()


def test_a_locked_table_is_answered_with_503_and_holds_up_nothing_else(cluster, crowd, desk):
    pairs = conversations(desk, 2)
    write_all(crowd, pairs)
    agent = desk.agent()
    tickets = f"/desk/{desk.service.slug}/tickets/"
    other = f"/hc/{desk.service.slug}/"
    assert desk.get(tickets, agent=agent, web="web1").status == 200

    with locked(cluster.postgres.url, "tickets_ticket"), ThreadPoolExecutor(MANY) as many:
        opened = [many.submit(desk.get, tickets, agent=agent, web="web1") for _ in range(MANY)]
        began = time.monotonic()
        assert desk.get(other, agent=agent, web="web1").status == 200
        assert time.monotonic() - began < OTHERS_WITHIN_S
        wait_for_more(pairs, 20, OTHERS_WITHIN_S)
        answers = [answer.result() for answer in opened]
    assert {answer.status for answer in answers} == {503}
    assert {answer.text for answer in answers} == {"This can’t be opened right now. Try again in a moment."}
    assert desk.get(tickets, agent=agent, web="web1").status == 200
    assert_every_word_arrived(desk, crowd, pairs)
