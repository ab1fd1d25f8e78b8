"""The nightly sums: the worker sums days of which nothing changes any more, so that a year is read from a few rows.

A day is summed once all its chats have ended and their evaluations can't be given or changed any more. Until then it is
counted from the chats, so a chat that ended on the next day, or an evaluation that came a week later, is in the figures
at once. Once summed, a day stays as it is, also if its chats are destroyed later.

- Two workers at once: a service's days are summed under its lock, which the second doesn't wait for.
- A chat that is filed while its day is summed: the filing waits, and then forgets the day (``report_sums.count_anew``).
- A worker that is killed: a day is one transaction, so it is summed or it isn't.
- A service that is removed takes its sums along.
- Another zone, or a release that counts something else: days are counted anew, but for those of which chats are gone;
  they stay as they were counted.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, connections, transaction

from agents.models import Service
from chat.conversation.evaluations import CHANGEABLE_FOR, GIVEN_WITHIN
from chat.models import Chat
from chat.operating_hours import zone_of
from chat.report_sums import LOCK, ReportSpan
from chat.reports.counting import COUNTED, gaps_between, spans_near, times_given
from chat.reports.groupings import KEYS_SQL, VERSION, stored
from chat.reports.periods import DAY, Period
from contiple.base.clock import database_now
from contiple.base.threads import beside

log = logging.getLogger(__name__)

EVERY_S = 3600
STOP_S = 5  # for the day under way
SETTLED_AFTER = GIVEN_WITHIN + CHANGEABLE_FOR  # after the end of a chat nothing of it changes
Length = ReportSpan.Length


@contextmanager
def summing() -> Iterator[None]:
    """Runs the thread until the block is left."""
    stop = threading.Event()
    with beside(partial(_run, stop), stop, name="reports", wait_s=STOP_S):
        yield


def sum_once(stop: threading.Event | None = None) -> None:
    """Sums all days that are due, of every service. A failure is logged, and the other services have their turn."""
    stop, now = stop or threading.Event(), database_now()
    for service_id in Service.objects.order_by("pk").values_list("pk", flat=True):
        try:
            sum_days(service_id, now=now, stop=stop)
        except Exception as error:  # noqa: BLE001 (an error's text may hold a row)
            log.warning("service %s: sums of reports failed: %s", service_id, type(error).__name__)
        if stop.is_set():
            return


def sum_days(service_id: int, *, now: datetime, stop: threading.Event | None = None) -> None:
    """Sums the service's days and months that are due ``now``, oldest first, until ``stop`` is set."""
    chats = Chat.objects.filter(service=service_id).order_by("created_at")
    first = chats.values_list("created_at", flat=True).first()
    if first is None:
        return
    zone = zone_of(service_id)
    _forget_other_bases(service_id, _basis(zone))
    # From a month's first day on, so that the first month is a whole one.
    all_days = Period(first.astimezone(zone).date().replace(day=1), now.astimezone(zone).date(), zone).days()
    summed = _summed(service_id, Length.DAY)
    for day in [day for day in all_days if day not in summed]:
        if (stop and stop.is_set()) or not _sum_day(service_id, Period(day, day, zone), now):
            return
    _sum_months(service_id, zone)


def _run(stop: threading.Event) -> None:
    while not stop.wait(0):
        try:
            sum_once(stop)
        finally:
            connections.close_all()
        stop.wait(EVERY_S)


def _basis(zone: ZoneInfo) -> str:
    return f"{zone.key} {VERSION}"


def _summed(service_id: int, length: str) -> set[date]:
    return set(ReportSpan.objects.filter(service=service_id, length=length).values_list("first", flat=True))


@transaction.atomic
def _sum_day(service_id: int, day: Period, now: datetime) -> bool:
    """Sums the day if nothing of it changes any more. False if another worker is in the service."""
    if not _is_alone_in(service_id):
        return False
    gaps = list(gaps_between(spans_near(service_id, day.begins_at, day.ends_at), day.begins_at, day.ends_at))
    if not gaps:  # days of another zone, which are kept, have all of it
        return True
    given = times_given(service_id, day.zone, gaps)
    with connection.cursor() as cursor:
        cursor.execute(_FILL_FIRST_ANSWERS, given)
        cursor.execute(_STANDING, given)
        received, is_open, closed_at = cursor.fetchone()
    if not is_open and max(day.ends_at, closed_at or day.ends_at) + SETTLED_AFTER < now:
        span = _new_span(service_id, Length.DAY, day, received)
        if received:
            _insert_sums(span, given)
    return True


def _is_alone_in(service_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, service_id % 2**31])
        return cursor.fetchone()[0]


def _new_span(service_id: int, length: str, period: Period, received: int) -> ReportSpan:
    return ReportSpan.objects.create(
        service_id=service_id,
        length=length,
        first=period.first,
        begins_at=period.begins_at,
        ends_at=period.ends_at,
        basis=_basis(period.zone),
        received=received,
    )


def _insert_sums(span: ReportSpan, given: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for name, keys in KEYS_SQL.items():
            more: dict[str, Any] = {"span": span.pk, "name": name, "below": stored(name).below}
            cursor.execute(_INSERT.format(counted=COUNTED.format(keys=keys)), {**given, **more})


def _sum_months(service_id: int, zone: ZoneInfo) -> None:
    """Adds up the months of which all days are summed."""
    days, months = _summed(service_id, Length.DAY), _summed(service_id, Length.MONTH)
    for first in sorted({day.replace(day=1) for day in days} - months):
        month = Period(first, (first + timedelta(days=31)).replace(day=1) - DAY, zone)
        if days.issuperset(month.days()):
            _sum_month(service_id, month)


@transaction.atomic
def _sum_month(service_id: int, month: Period) -> None:
    """Adds up the month, unless another worker is in the service or one of its days was forgotten just now."""
    if not _is_alone_in(service_id):
        return
    days = ReportSpan.objects.filter(service=service_id, length=Length.DAY, first__range=(month.first, month.last))
    found = dict(days.select_for_update().values_list("pk", "received"))
    if len(found) != month.length or _summed(service_id, Length.MONTH) & {month.first}:
        return
    span = _new_span(service_id, Length.MONTH, month, sum(found.values()))
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP, {"span": span.pk, "days": list(found)})


def _forget_other_bases(service_id: int, basis: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"service": service_id, "basis": basis})


_IN_TIMES = """
FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS gap (begins_at, ends_at)
JOIN chat_chat AS chat ON chat.service_id = %(service)s
    AND chat.created_at >= gap.begins_at AND chat.created_at < gap.ends_at
"""
# Chats of before there was the column, or answered by a process of the release before.
_FILL_FIRST_ANSWERS = f"""
UPDATE chat_chat SET first_answered_at = answer.at FROM (
    SELECT chat.id, (SELECT min(message.created_at) FROM chat_message AS message
        WHERE message.chat_id = chat.id AND message.author = 'agent' AND NOT message.internal
            AND message.event = '') AS at
    {_IN_TIMES} WHERE chat.first_answered_at IS NULL AND chat.answered_at IS NOT NULL
) AS answer WHERE chat_chat.id = answer.id AND chat_chat.first_answered_at IS NULL AND answer.at IS NOT NULL
"""  # noqa: S608 - constants
_STANDING = f"SELECT count(*), coalesce(bool_or(chat.state <> 'closed'), FALSE), max(chat.closed_at) {_IN_TIMES}"
_INSERT = """
INSERT INTO chat_reportsum (span_id, grouping, key, marks, numbers)
SELECT %(span)s, %(name)s, key, array_agg(mark), array_agg(number) FROM ({counted}) AS counted
WHERE mark < %(below)s GROUP BY key
"""
_ADD_UP = """
INSERT INTO chat_reportsum (span_id, grouping, key, marks, numbers)
SELECT %(span)s, grouping, key, array_agg(mark), array_agg(number) FROM (
    SELECT grouping, key, mark, sum(number)::bigint AS number FROM chat_reportsum
    CROSS JOIN unnest(marks, numbers) AS counted (mark, number)
    WHERE span_id = ANY(%(days)s) GROUP BY grouping, key, mark
) AS added GROUP BY grouping, key
"""
_FORGET = """
WITH span AS (
    SELECT id FROM chat_reportspan AS other
    WHERE other.service_id = %(service)s AND other.basis <> %(basis)s AND (other.length = 'month' OR other.received = (
        SELECT count(*) FROM chat_chat AS chat WHERE chat.service_id = other.service_id
            AND chat.created_at >= other.begins_at AND chat.created_at < other.ends_at
    ))
), sums AS (
    DELETE FROM chat_reportsum USING span WHERE span_id = span.id
)
DELETE FROM chat_reportspan USING span WHERE chat_reportspan.id = span.id
"""
