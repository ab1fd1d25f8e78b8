"""The worker ticks until it is stopped, and no failure ends it."""

import logging
import threading

import pytest
from django.db import OperationalError

from chat import lifecycle, presence, worker
from chat.models import Chat
from tests.chat.comings import come_online, make_queue, state_of


@pytest.mark.django_db(transaction=True)
def test_a_tick_gives_out_what_waits(service, agent) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)

    worker.tick()

    assert state_of(chat) == (Chat.State.RINGING, agent.pk)


@pytest.mark.parametrize(
    ("error", "level"), [(OperationalError("a secret"), logging.WARNING), (ValueError("odd"), logging.ERROR)]
)
def test_a_failing_tick_is_logged_and_survived(monkeypatch, caplog, error, level) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(lifecycle, "reconcile", fail)

    worker.tick()

    [record] = caplog.records
    assert record.levelno == level
    assert "a secret" not in caplog.text


def test_it_runs_until_it_is_stopped(monkeypatch) -> None:
    stop, counts = threading.Event(), []

    def tick(count: int) -> None:
        counts.append(count)
        if count == 2:
            stop.set()

    monkeypatch.setattr(worker, "TICK_S", 0.001)
    monkeypatch.setattr(worker, "tick", tick)

    worker.run(stop)

    assert counts == [0, 1, 2]


def test_leases_are_swept_now_and_then(monkeypatch) -> None:
    swept = []
    monkeypatch.setattr(presence, "drop_expired_leases", lambda: swept.append(True))
    monkeypatch.setattr(lifecycle, "reconcile", lambda: None)

    for count in range(worker.SWEEP_EVERY + 1):
        worker.tick(count)

    assert len(swept) == 2
