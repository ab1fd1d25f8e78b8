"""The worker ticks until it is stopped, and no failure ends it."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError

from agents.models import Agent
from chat import beats, worker
from chat.abuse import networks
from chat.beats import WorkerBeat
from chat.lifecycle import silence, upkeep
from chat.masking import destroying
from chat.models import Chat, ChatSettings
from chat.routing import presence, queue_limits
from contiple.base import clock
from tests.chat.comings import come_online, make_queue, state_of
from tests.make import make_chat


@pytest.mark.django_db(transaction=True)
def test_a_tick_gives_out_what_waits(service, agent) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)

    worker.tick()

    assert state_of(chat) == (Chat.State.RINGING, agent.pk)


@pytest.mark.django_db(transaction=True)
def test_a_tick_tells_who_waits_too_long_and_who_is_silent(service, agent) -> None:
    long_ago = clock.database_now() - timedelta(minutes=6)
    ChatSettings.objects.update(longest_wait_minutes=5)
    Agent.objects.update(chat_limit=1)
    waits = make_chat(service, waiting_since=long_ago)
    is_silent = make_chat(service, agent=come_online(agent), unanswered_since=long_ago)

    worker.tick()

    waits.refresh_from_db()
    is_silent.refresh_from_db()
    assert waits.inquiry_offer == Chat.InquiryOffer.WAITED
    assert is_silent.reminded_at is not None


@pytest.mark.parametrize(
    ("error", "level"), [(OperationalError("a secret"), logging.WARNING), (ValueError("odd"), logging.ERROR)]
)
@pytest.mark.django_db(transaction=True)
def test_a_failing_tick_is_logged_and_survived(monkeypatch, caplog, error, level) -> None:
    def fail(*, memory: object) -> None:
        raise error

    monkeypatch.setattr(upkeep, "reconcile", fail)

    assert not worker.tick()

    [record] = caplog.records
    assert record.levelno == level
    assert "a secret" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_it_runs_until_it_is_stopped_and_beats_after_what_succeeded(monkeypatch) -> None:
    stop, counts, beats = threading.Event(), [], []

    def tick(count: int, memory: object) -> bool:
        counts.append(count)
        if count == 2:
            stop.set()
        return count != 1

    monkeypatch.setattr(worker, "TICK_S", 0.001)
    monkeypatch.setattr(worker, "tick", tick)

    worker.run(stop, lambda: beats.append(counts[-1]))

    assert counts == [0, 1, 2]
    assert beats == [0, 2]


@pytest.mark.django_db(transaction=True)
def test_leases_are_swept_now_and_then(monkeypatch) -> None:
    swept = []
    monkeypatch.setattr(presence, "drop_expired_leases", lambda: swept.append(True))
    monkeypatch.setattr(upkeep, "reconcile", lambda *, memory: None)
    monkeypatch.setattr(queue_limits, "offer_inquiries", lambda memory: None)
    monkeypatch.setattr(silence, "break_silences", lambda memory: None)

    for count in range(worker.SWEEP_EVERY + 1):
        worker.tick(count)

    assert len(swept) == 2


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_fails_keeps_no_other_waiting_and_is_no_success(monkeypatch, caplog) -> None:
    done = []

    def forget_old() -> None:
        raise OperationalError("a secret")

    monkeypatch.setattr(networks, "forget_old", forget_old)
    monkeypatch.setattr(destroying, "destroy_expired", lambda: done.append(True))

    assert not worker.tick(0)
    assert done
    assert [record.getMessage() for record in caplog.records] == ["forget_old failed: OperationalError"]
    assert "a secret" not in caplog.text
    assert worker.tick(1)


@pytest.mark.django_db(transaction=True)
def test_a_worker_says_in_the_database_when_it_last_succeeded_and_how_long_it_took() -> None:
    noted = beats.Beats()
    assert beats.seen() == (None, 0)
    for seconds in (0.25, 3.0):  # the second is not written yet
        noted.note(seconds)
    at, slowest = beats.seen()
    assert slowest == 0.25
    assert clock.database_now() - at < timedelta(seconds=30)
    noted.noted_at = -float("inf")
    noted.note(0.5)
    assert beats.seen().tick_s == 3.0
    assert WorkerBeat.objects.count() == 1
    WorkerBeat.objects.update(at=clock.database_now() - timedelta(minutes=2))
    assert beats.seen().tick_s == 0
    WorkerBeat.objects.update(at=clock.database_now() - timedelta(days=2))
    beats.forget_old()
    assert beats.seen().at is None


@pytest.mark.django_db(transaction=True)
def test_a_beat_that_can_not_be_written_ends_no_worker(monkeypatch, caplog) -> None:
    def fail(**_options: object) -> None:
        raise OperationalError("a secret")

    monkeypatch.setattr(WorkerBeat.objects, "update_or_create", fail)
    beats.Beats().note(1.0)
    assert "a beat was not noted: OperationalError" in caplog.text
