"""What is kept no longer goes, in batches; what the law keeps stays; and nothing else goes with it."""

import os
import secrets
import subprocess
import sys
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from agents import audit, retention, throttle
from agents.models import Attempt, AuditEntry
from agents.models_accounts import AccountEntry, OpenSession
from chat import worker
from chat.lifecycle import silence, upkeep
from chat.masking import destroying, record
from chat.routing import decisions, presence, queue_limits
from contiple.base import batches, crypto
from tests.bench import world
from tests.buffers import buffers

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def looks() -> list[str]:
    return record.actions_of(record.Outcome)


def old_entry(service, action: str, days: int) -> AuditEntry:
    entry = audit.record(service, action, "chat:1")
    AuditEntry.objects.filter(pk=entry.pk).update(created_at=timezone.now() - days * DAY)
    return entry


def test_the_trail_and_the_record_of_looks_have_times_of_their_own(settings, service, looks):
    shown = record.actions_of([record.Outcome.SHOWN])[0]
    ages = {
        (action, days): old_entry(service, action, days) for action in ("chat.closed", shown) for days in (1, 100, 900)
    }
    settings.TRAIL_KEPT, settings.UNMASK_RECORD_KEPT = 50 * DAY, 800 * DAY
    retention.drop_old_trail(looks)
    left = set(AuditEntry.objects.filter(pk__in=[entry.pk for entry in ages.values()]).values_list("pk", flat=True))
    assert {key for key, entry in ages.items() if entry.pk in left} == {("chat.closed", 1), (shown, 1), (shown, 100)}


def test_what_is_kept_longer_is_not_read_again_with_each_sweep(settings, service, looks):
    """Old looks may be kept for good, and old entries of other kinds not; nothing is found to delete among the many."""
    settings.TRAIL_KEPT, settings.UNMASK_RECORD_KEPT, costs = DAY, None, []
    for number in (1_000, 10_000):
        for action in ("chat.closed", *looks[:2]):
            days = 0 if action == "chat.closed" else 9
            AuditEntry.objects.bulk_create(
                AuditEntry(service=service, action=action, created_at=timezone.now() - days * DAY)
                for _ in range(number)
            )
        world.analyze()
        costs.append(buffers(lambda: retention.drop_old_trail(looks)))

    assert costs[1] < 2 * costs[0] + 50, costs


def test_without_settings_the_trail_is_kept_for_good(settings, service, looks):
    settings.TRAIL_KEPT = settings.UNMASK_RECORD_KEPT = None
    old_entry(service, "chat.closed", 5000)
    retention.drop_old_trail(looks)
    assert AuditEntry.objects.filter(action="chat.closed").exists()


def test_old_account_entries_go_and_young_ones_stay_even_among_many(settings, agent, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(batches, "BATCH", 2)
    settings.ACCOUNT_ENTRIES_KEPT = 10 * DAY
    for days in (30, 29, 28, 27, 26, 5, 0):
        AccountEntry.objects.create(user=agent.user, action="sign_in", created_at=timezone.now() - days * DAY)
    retention.drop_old_account_entries()
    assert AccountEntry.objects.filter(created_at__gt=timezone.now() - 10 * DAY).count() == 2
    assert AccountEntry.objects.count() == 2


def test_ended_sessions_go_with_their_rows_in_the_list_and_open_ones_stay(client, agent):
    client.force_login(agent.user)
    client.get("/")
    ended = Session.objects.create(session_key="e" * 32, session_data="", expire_date=timezone.now() - DAY)
    OpenSession.objects.create(
        session_key=ended.pk, user=agent.user, signed_in_at=timezone.now() - 9 * DAY, seen_at=timezone.now() - 2 * DAY
    )
    OpenSession.objects.exclude(session_key=ended.pk).update(seen_at=timezone.now() - DAY)
    retention.drop_ended_sessions()
    assert list(Session.objects.values_list("pk", flat=True)) == [client.session.session_key]
    assert list(OpenSession.objects.values_list("session_key", flat=True)) == [client.session.session_key]


def test_counts_of_attempts_go_when_no_window_holds_them():
    Attempt.objects.create(key="old", at=timezone.now() - throttle.KEPT - timedelta(seconds=1))
    Attempt.objects.create(key="new", at=timezone.now() - throttle.KEPT / 2)
    retention.drop_old_attempts()
    assert list(Attempt.objects.values_list("key", flat=True)) == ["new"]


def test_a_backlog_is_left_to_the_next_sweep_when_the_time_is_up(monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 2)
    Attempt.objects.bulk_create(Attempt(key="old", at=timezone.now() - 9 * DAY) for _ in range(5))
    batches.delete_in_batches(Attempt.objects.all(), seconds=0)
    assert Attempt.objects.count() == 3
    batches.delete_in_batches(Attempt.objects.all())
    assert not Attempt.objects.exists()


def test_a_sweep_that_fails_stops_no_other_and_the_tick_is_no_success(monkeypatch, caplog):
    def fail() -> None:
        raise ValueError("a secret")

    for module, name in [(upkeep, "reconcile"), (queue_limits, "offer_inquiries"), (silence, "break_silences")]:
        monkeypatch.setattr(module, name, lambda *args, **options: None)
    for module, name in [(presence, "drop_expired_leases"), (destroying, "destroy_expired")]:
        monkeypatch.setattr(module, name, fail)
    done = []
    monkeypatch.setattr(decisions, "drop_old_rounds", lambda: done.append("rounds"))
    monkeypatch.setattr(retention, "drop_ended_sessions", lambda: done.append("sessions"))
    assert worker.tick(0) is False
    assert done == ["rounds", "sessions"]
    assert [line.getMessage() for line in caplog.records] == ["fail failed: ValueError"] * 2
    assert worker.tick(1) is True


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TRAIL_DAYS", "1094", "TRAIL_DAYS must be between 1095 and 10000 days, not 1094."),
        ("UNMASK_RECORD_DAYS", "729", "UNMASK_RECORD_DAYS must be between 730 and 10000 days, not 729."),
        ("UNMASK_RECORD_DAYS", "730", ""),
        ("ROUTING_LOG_DAYS", "0", "ROUTING_LOG_DAYS must be between 1 and 10000 days, not 0."),
        ("ACCOUNT_ENTRIES_DAYS", "x", "ACCOUNT_ENTRIES_DAYS must be a whole number, not 'x'."),
    ],
)
def test_less_than_the_law_keeps_is_refused(variable, value, said):
    environment = {
        **os.environ,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MASKING_KEYS": crypto.format_master_key("none", crypto.new_key()),
        variable: value,
    }
    done = subprocess.run([sys.executable, "manage.py", "check"], env=environment, capture_output=True, text=True)
    assert done.stderr.strip().replace("System check identified no issues (0 silenced).", "") == said
