"""`/metrics`: this process's numbers in Prometheus' text format, for a caller that has ``METRICS_TOKEN``.

Without that variable the address does not exist. Like ``contiple.health``, it is answered before Django is asked. The
numbers that come from the database (how many chats wait, ring, are active) are the same from every process: use the
maximum, not the sum. If the database does not answer, they are left out.
"""

import asyncio
import hmac
import logging
from datetime import datetime
from typing import Any, NamedTuple

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from agents.outbox import upkeep as mails
from chat import beats
from chat.models import Chat
from contiple.base import metrics
from contiple.base.clock import database_now
from contiple.health import Receive, Scope, Send, answer
from tickets.mail import upkeep as mails_in

logger = logging.getLogger(__name__)

DATABASE_SECONDS = 3  # then the database's numbers are left out; Prometheus waits 10 s by default
OPEN = [Chat.State.WAITING, Chat.State.RINGING, Chat.State.ACTIVE]


async def scrape(scope: Scope, receive: Receive, send: Send) -> None:
    if not _may_read(scope):
        await answer(scope, send, 401, b"", www_authenticate='Bearer realm="metrics"')
        return
    body = await _database_numbers() + generate_latest(metrics.registry)
    await answer(scope, send, 200, body, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_read(scope: Scope) -> bool:
    """Compares in constant time, so that the duration of an answer tells nothing about the token."""
    given = dict(scope["headers"]).get(b"authorization", b"")
    return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())


async def _database_numbers() -> bytes:
    try:
        asked = database_sync_to_async(_read_numbers, thread_sensitive=False)()
        numbers = await asyncio.wait_for(asked, DATABASE_SECONDS)
    except (DatabaseError, TimeoutError) as error:
        logger.warning("The database's numbers are missing: %s", type(error).__name__)
        return b""
    return generate_latest(_as_registry(numbers))


class _Numbers(NamedTuple):
    chats: list[Any]  # by state
    now: datetime
    workers: beats.Seen
    mails: mails.Figures
    mails_in: mails_in.Figures


def _read_numbers() -> _Numbers:
    counted = Chat.objects.filter(state__in=OPEN).order_by().values("state")
    rows: list[Any] = list(counted.annotate(number=Count("pk"), first=Min("waiting_since")))
    pool = getattr(connection, "pool", None)
    if pool is not None:
        metrics.watch_pool("django", pool.get_stats)
    return _Numbers(rows, database_now(), beats.seen(), mails.figures(), mails_in.figures())


def _as_registry(numbers: _Numbers) -> CollectorRegistry:
    registry = CollectorRegistry()
    _add_workers(registry, numbers.workers)
    _add_chats(registry, numbers)
    _add_mails(registry, numbers)
    _add_mails_in(registry, numbers)
    return registry


def _add_workers(registry: CollectorRegistry, workers: beats.Seen) -> None:
    last = Gauge(
        "contiple_worker_last_success_timestamp_seconds",
        "When a worker last did all that was due; 0: not for a day.",
        registry=registry,
    )
    last.set(workers.at.timestamp() if workers.at else 0)
    tick = Gauge("contiple_worker_tick_seconds", "The slowest tick of all workers in a minute.", registry=registry)
    tick.set(workers.tick_s)


def _add_chats(registry: CollectorRegistry, numbers: _Numbers) -> None:
    chats = Gauge("contiple_chats", "Chats of all services that are open.", ["state"], registry=registry)
    oldest = Gauge("contiple_longest_wait_seconds", "How long the first in the queue has waited.", registry=registry)
    for state in OPEN:
        chats.labels(state.value)
    for row in numbers.chats:
        chats.labels(row["state"]).set(row["number"])
        if row["state"] == Chat.State.WAITING:
            oldest.set(max(0.0, (numbers.now - row["first"]).total_seconds()))


def _add_mails(registry: CollectorRegistry, numbers: _Numbers) -> None:
    found = numbers.mails
    Gauge("contiple_mails_waiting", "E-mails in the outbox.", registry=registry).set(found.waiting)
    dead = Gauge("contiple_mails_dead", "E-mails that were given up lately, for a day or two.", registry=registry)
    dead.set(found.dead)
    oldest = Gauge("contiple_mail_oldest_seconds", "How long the first e-mail could have left.", registry=registry)
    oldest.set(max(0.0, (numbers.now - found.oldest).total_seconds()) if found.oldest else 0)


def _add_mails_in(registry: CollectorRegistry, numbers: _Numbers) -> None:
    found = numbers.mails_in
    came = Gauge("contiple_mails_in", "E-mails that came in within a day.", ["outcome"], registry=registry)
    came.labels("filed").set(found.filed)
    came.labels("refused").set(found.refused)
    waiting = Gauge("contiple_mails_in_waiting", "E-mails in the mailbox that could not be filed.", registry=registry)
    waiting.set(found.waiting)
    stuck = Gauge("contiple_mails_in_stuck", "E-mails for no service, or not readable.", registry=registry)
    stuck.set(found.nobodys + found.unreadable)
    oldest = Gauge("contiple_mail_in_oldest_seconds", "How long the first e-mail in it has waited.", registry=registry)
    oldest.set(max(0.0, (numbers.now - found.stuck_since).total_seconds()) if found.stuck_since else 0)
    read = Gauge(
        "contiple_mailbox_read_timestamp_seconds", "When the mailbox was last read; 0: never.", registry=registry
    )
    read.set(found.read_at.timestamp() if found.read_at else 0)
