"""The worker's tick is a few statements for all services; workers share them; one that fails keeps no other waiting."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, Service
from chat import worker
from chat.models import Chat, Lease, RoutingDecision, RoutingRound
from chat.routing import due_queues, jobs
from chat.routing.jobs import Memory
from contiple.base.clock import database_now
from tests.bench import world
from tests.buffers import buffers
from tests.chat.comings import come_online, leave, make_queue, make_ringing, state_of
from tests.make import make_agent, make_chat, make_service

SERVICES, TALKING, WAITING = 40, 40, 10
QUERIES_MAX = 30
TICKS = 5

pytestmark = pytest.mark.django_db(transaction=True)


def make_full_desks(services: int) -> None:
    """Every agent is at the limit, and customers and agents are there."""
    for _ in range(services):
        world.make_desk(agents=TALKING // 5, chats=TALKING, waiting=WAITING)
    soon = timezone.now() + timedelta(hours=1)
    Lease.objects.bulk_create(Lease(chat=chat, expires_at=soon) for chat in Chat.objects.all())
    world.analyze()


def test_to_decide_nothing_costs_few_statements_and_little_time() -> None:
    make_full_desks(SERVICES)
    memory = Memory()
    assert worker.tick(1, memory)
    rounds = RoutingRound.objects.count()

    with CaptureQueriesContext(connection) as queries:
        assert worker.tick(1, memory)

    assert len(queries) <= QUERIES_MAX
    assert RoutingRound.objects.count() == rounds
    assert fastest(lambda: worker.tick(1, memory)) < 5 * fastest(read_every_open_chat)


def read_every_open_chat() -> None:
    assert len(list(Chat.objects.select_related("agent__user", "service"))) == SERVICES * (TALKING + WAITING)


def fastest(act) -> float:
    times = []
    for _ in range(TICKS):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return min(times)


def test_more_services_are_no_more_statements() -> None:
    make_full_desks(2)
    memory = Memory()
    worker.tick(1, memory)
    with CaptureQueriesContext(connection) as few:
        worker.tick(1, memory)
    make_full_desks(5)
    worker.tick(1, memory)

    with CaptureQueriesContext(connection) as many:
        worker.tick(1, memory)

    assert len(many) == len(few)


def test_closed_chats_cost_a_tick_nothing(service, agent) -> None:
    make_full_desks(2)
    memory = Memory()
    worker.tick(1, memory)
    few = buffers(lambda: worker.tick(1, memory))
    world.add_closed_chats(service, agent, 20_000)

    assert buffers(lambda: worker.tick(1, memory)) < 2 * few


def test_much_work_in_one_service_leaves_the_others_theirs() -> None:
    done = []

    def act(service_id: int) -> jobs.Job:
        return jobs.Job(service_id, lambda: done.append(service_id))

    assert not jobs.run([*map(act, [1] * 5), *map(act, [2, 3, 3])], Memory())
    assert set(done[:3]) == {1, 2, 3}
    assert done[5:] == [1, 1, 1]


def test_much_work_of_one_kind_leaves_the_others_theirs() -> None:
    done = []
    work = [jobs.Job(service_id, lambda: done.append(True)) for service_id in (1, 2, 2)]

    left = jobs.run(work, Memory(share_s=0))

    assert len(done) == 1
    assert left in ({1, 2}, {2})


def test_nothing_rings_where_an_end_is_left_for_later(service, agent) -> None:
    come_online(agent)
    gone = make_chat(service, created_at=database_now() - timedelta(hours=2))
    leave(chat=gone, ago_s=3600)
    other = make_overdue(make_service("desk"))
    other.service.is_stopped = True
    other.service.save(update_fields=["is_stopped"])
    memory = Memory(share_s=0)

    for _ in range(6):
        worker.tick(1, memory)
        assert state_of(gone)[0] in {Chat.State.WAITING, Chat.State.CLOSED}

    assert {state_of(chat)[0] for chat in (gone, other)} == {Chat.State.CLOSED}


def test_whatever_makes_room_is_seen_by_the_next_tick(service, agent, colleague) -> None:
    Agent.objects.update(chat_limit=1)
    come_online(agent)
    make_chat(service, agent=agent)
    chats = make_queue(service, 3)
    memory = Memory()
    worker.tick(1, memory)
    assert {state_of(chat) for chat in chats} == {(Chat.State.WAITING, None)}

    Agent.objects.filter(pk=agent.pk).update(chat_limit=2)  # as the operator does it, by SQL
    worker.tick(1, memory)
    assert state_of(chats[0]) == (Chat.State.RINGING, agent.pk)

    come_online(colleague)
    worker.tick(1, memory)
    assert state_of(chats[1]) == (Chat.State.RINGING, colleague.pk)


def test_another_reason_for_waiting_is_noted(service, agent) -> None:
    Agent.objects.update(chat_limit=1)
    come_online(agent)
    make_chat(service, agent=agent)
    [chat] = make_queue(service, 1)
    memory = Memory()
    worker.tick(1, memory)
    Agent.objects.update(chat_status=Agent.ChatStatus.BREAK)

    worker.tick(1, memory)
    worker.tick(1, memory)

    reasons = RoutingDecision.objects.filter(chat=chat).order_by("id").values_list("reason", flat=True)
    assert list(reasons) == ["full", "break"]


def make_overdue(service: Service) -> Chat:
    """A chat that has rung too long at its agent, and a colleague who may take it."""
    return make_ringing(come_online(make_agent(service)), for_s=60)


@contextmanager
def locked(chat: Chat) -> Iterator[None]:
    """Somebody keeps the chat's row locked."""
    has_lock, end = threading.Event(), threading.Event()

    def keep() -> None:
        with transaction.atomic():
            Chat.objects.select_for_update().get(pk=chat.pk)
            has_lock.set()
            end.wait(60)
        connection.close()

    thread = threading.Thread(target=keep)
    thread.start()
    assert has_lock.wait(20)
    try:
        yield
    finally:
        end.set()
        thread.join()


def test_a_service_that_fails_keeps_no_other_waiting(caplog) -> None:
    services = [make_service(f"desk{n}") for n in range(5)]
    stuck, *others = [make_overdue(service) for service in services]
    memory = Memory()

    with locked(stuck):
        assert worker.tick(1, memory)

        assert {state_of(chat)[0] for chat in others} == {Chat.State.WAITING}
        assert state_of(stuck)[0] == Chat.State.RINGING
        failures = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert [record.getMessage() for record in failures] == [
            f"service {stuck.service_id}: work failed: OperationalError"
        ]

    memory.failures[stuck.service_id].again_at = 0  # its pause is over
    assert worker.tick(1, memory)
    assert state_of(stuck)[0] == Chat.State.WAITING


def test_a_service_that_goes_on_failing_is_said_once_and_tried_less_and_less_often(service, caplog) -> None:
    memory, pauses = Memory(), []

    def fail() -> None:
        raise ValueError("odd")

    for _ in range(10):
        jobs.run([jobs.Job(service.pk, fail)], memory)
        failure = memory.failures[service.pk]
        pauses.append(failure.again_at - time.monotonic())
        failure.again_at = time.monotonic()

    assert len(caplog.records) == 1
    assert pauses == sorted(pauses) or pauses[-1] <= jobs.PAUSE_MAX_S
    assert pauses[0] <= 1 < pauses[3] < pauses[-1] <= jobs.PAUSE_MAX_S


def test_a_failure_in_the_database_is_said_without_the_row_in_its_text(service, caplog) -> None:
    def fail() -> None:
        raise IntegrityError("Failing row contains (jun@example.com)")

    jobs.run([jobs.Job(service.pk, fail)], Memory())

    assert "IntegrityError" in caplog.text
    assert "jun@example.com" not in caplog.text


def test_a_service_in_which_another_worker_is_is_left_to_it() -> None:
    chats = [make_overdue(make_service(f"desk{n}")) for n in range(5)]
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        inside.set()
        leave.wait(60)

    def other_worker() -> None:
        jobs.run([jobs.Job(chats[0].service_id, stay)], Memory())
        connection.close()

    other = threading.Thread(target=other_worker)
    other.start()
    assert inside.wait(20)
    memory = Memory()
    assert worker.tick(1, memory)
    leave.set()
    other.join()

    assert [state_of(chat)[0] for chat in chats] == [Chat.State.RINGING, *[Chat.State.WAITING] * 4]
    assert not memory.failures
    assert worker.tick(1, memory)
    assert state_of(chats[0])[0] == Chat.State.WAITING


def test_without_the_shared_statements_a_tick_is_no_success(monkeypatch, caplog) -> None:
    monkeypatch.setattr(due_queues, "_QUEUES", "SELECT * FROM no_such_table")

    assert not worker.tick(1)

    assert "tick failed" in caplog.text
    assert database_now()  # the connection is usable afterwards
