"""Old snapshots, as a dump keeps one, do not slow the outbox down: dead rows stay, and are not read again."""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from agents.models import OutgoingMail
from agents.outbox.delivery import deliver_due
from tests.server import database_url

pytestmark = pytest.mark.django_db(transaction=True)
AN_HOUR = 36_000  # mails, at ten a second


@contextlib.contextmanager
def old_snapshot() -> Iterator[None]:
    """Another connection that reads the table as it is now, until the block is left."""
    with psycopg.connect(database_url(), options="-c idle_in_transaction_session_timeout=0") as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT count(*) FROM agents_outgoingmail")
        yield


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE agents_outgoingmail")
        cursor.execute("VACUUM ANALYZE agents_outgoingmail")


def pages_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read) FROM pg_statio_user_tables"
            " WHERE relname = 'agents_outgoingmail'"
        )
        return int(cursor.fetchone()[0])


def deliver(mails: int, mailoutbox: list) -> tuple[float, float]:
    """Posts and delivers so many, in the portions in which a desk has them. Returns mails a second and pages a mail."""
    began, before = time.monotonic(), pages_read()
    for start in range(0, mails, 500):
        give_up_at = timezone.now() + timedelta(days=1)
        OutgoingMail.objects.bulk_create(
            OutgoingMail(
                kind="test",
                message_id=f"<{began}-{start + number}@test>",
                to=["jun@example.com"],
                pending=["jun@example.com"],
                subject="Answer",
                give_up_at=give_up_at,
            )
            for number in range(min(500, mails - start))
        )
        deliver_due()
        mailoutbox.clear()
    assert not OutgoingMail.objects.exclude(state=OutgoingMail.State.SENT).exists()
    return mails / (time.monotonic() - began), (pages_read() - before) / mails


def test_a_mail_reads_no_more_pages_beside_an_old_snapshot(mailoutbox) -> None:
    empty()
    _rate, usual = deliver(200, mailoutbox)
    empty()
    with old_snapshot():
        deliver(600, mailoutbox)
        _rate, beside = deliver(200, mailoutbox)
    print(f"pages a mail: {usual:.0f}, beside an old snapshot {beside:.0f}")
    assert beside < usual * 2


@pytest.mark.soak
def test_an_hours_mails_leave_as_fast_beside_an_old_snapshot(mailoutbox) -> None:
    """The last quarter of them, when most dead rows are there, beside as many before and after without a snapshot."""
    empty()
    deliver(1000, mailoutbox)
    before, pages = deliver(AN_HOUR // 4, mailoutbox)
    empty()
    with old_snapshot():
        deliver(AN_HOUR * 3 // 4, mailoutbox)
        beside, pages_beside = deliver(AN_HOUR // 4, mailoutbox)
    empty()
    after, _pages = deliver(AN_HOUR // 4, mailoutbox)
    share = beside / ((before + after) / 2)
    print(f"{before:.0f} and {after:.0f} mails a second, beside an old snapshot {beside:.0f}: {share:.0%};", end=" ")
    print(f"pages a mail {pages:.0f} and {pages_beside:.0f}")
    assert share >= 0.9
