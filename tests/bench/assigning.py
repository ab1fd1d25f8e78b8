"""Assignment decisions a second, against what the same PostgreSQL commits in single rows."""

import os
import time

import psycopg
from django.db import connection

from chat.models import Chat
from chat.routing.assignment import assign_waiting_chats
from tests.bench import machine, world
from tests.bench.figures import Figure, share
from tests.bench.pace import Pace

AGENTS, WAITING, LIMIT = 200, 1000, 5
COMMIT_S = 1.0


def decisions(pace: Pace) -> list[Figure]:
    machine.move_postgres(machine.SERVER_CORE)
    try:
        queue, single = _interleaved(pace)
    finally:
        machine.move_postgres(machine.CLIENT_CORE)
    name = "assignment decisions/s, 1,000 waiting and 200 agents"
    return [
        share(f"{name} (reference: single-row commits/s)", "1/s", queue, at_least=0.15),
        share(f"{name}, room for one at a time", "1/s", single),
    ]


def _interleaved(pace: Pace) -> tuple[list, list]:
    queue, single = [], []
    for _ in range(pace.rounds):
        commits = _commits()
        world.clear()
        free = world.make_desk(agents=AGENTS, chats=0, waiting=WAITING, per_agent=LIMIT)
        queue.append((_clear_the_queue(free.service.pk), commits))
    for _ in range(pace.rounds):
        commits = _commits()
        world.clear()
        full = world.make_desk(agents=AGENTS, chats=AGENTS * LIMIT, waiting=WAITING, per_agent=LIMIT)
        single.append((_one_at_a_time(full, pace.decisions), commits))
    return queue, single


def _commits() -> float:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute("CREATE TABLE IF NOT EXISTS bench_row (id int PRIMARY KEY, n int NOT NULL)")
        database.execute("INSERT INTO bench_row VALUES (1, 0) ON CONFLICT DO NOTHING")
        number, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < COMMIT_S:
            database.execute("UPDATE bench_row SET n = n + 1 WHERE id = 1")
            number += 1
        return number / took


def _clear_the_queue(service_id: int) -> float:
    given, began = 0, time.perf_counter()
    while new := assign_waiting_chats(service_id):
        given += new
    took = time.perf_counter() - began
    assert given == WAITING, given
    return given / took


def _one_at_a_time(desk: world.Desk, number: int) -> float:
    """Every agent is full; again and again one chat ends, and the first of the queue takes its place."""
    took = 0.0
    for guest in desk.guests[:number]:
        _end(guest.chat_id)
        began = time.perf_counter()
        assert assign_waiting_chats(desk.service.pk) == 1
        took += time.perf_counter() - began
    return number / took


def _end(chat_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_chat SET state = %s, closed_at = now(), closed_by = 'agent' WHERE id = %s",
            [Chat.State.CLOSED, chat_id],
        )
