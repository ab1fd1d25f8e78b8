"""Counts the chats of a period: days that are summed from their sums, all others from the chats themselves.

So a figure is right at every moment, whether or not the worker has been there. Each chat counts once: what is counted
from chats is exactly the time that no summed day has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from chat.report_sums import ReportSpan
from chat.reports.groupings import DAY_SQL, KEYS_SQL, TOTAL, Stored
from chat.reports.marks import MARKS_SQL, added
from chat.reports.periods import DAY, Period


@dataclass(frozen=True)
class Counts:
    """How many chats bear each mark: of each key, those that are stored by it, and of all keys together."""

    by_key: Mapping[str, Mapping[int, int]]
    total: Mapping[int, int]


Found = list[tuple[str, Mapping[int, int]]]  # keys, and their marks
_NEAR = 2 * DAY  # a summed day of another zone may reach into a period that it is no day of


class Span(NamedTuple):
    pk: int
    length: str
    first: date
    begins_at: datetime
    ends_at: datetime

    @property
    def last(self) -> date:
        if self.length == ReportSpan.Length.DAY:
            return self.first
        return (self.first + timedelta(days=31)).replace(day=1) - DAY


def counts_of(service_id: int, period: Period, grouping: Stored) -> Counts:
    """Counts the period's chats by key. Keys of days are written as in ISO 8601."""
    spans = spans_near(service_id, period.begins_at, period.ends_at)
    summed = _from_sums(spans, period, grouping)
    counted = _from_chats(service_id, spans, period, grouping)
    # PostgreSQL adds up months faster than this process a year of days.
    is_whole = grouping.below == TOTAL.below and not grouping.by_day
    whole = summed if is_whole else _from_sums(spans, period, TOTAL)
    return Counts(_by_key([*summed, *counted]), added(marks for _key, marks in [*whole, *counted]))


def gaps_between(spans: Iterable[Span], begins_at: datetime, ends_at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yields the times from ``begins_at`` to ``ends_at`` that no summed day has."""
    days = sorted((span for span in spans if span.length == ReportSpan.Length.DAY), key=lambda span: span.begins_at)
    for day in days:
        if begins_at < min(day.begins_at, ends_at):
            yield begins_at, min(day.begins_at, ends_at)
        begins_at = max(begins_at, day.ends_at)
    if begins_at < ends_at:
        yield begins_at, ends_at


def spans_near(service_id: int, begins_at: datetime, ends_at: datetime) -> list[Span]:
    near = ReportSpan.objects.filter(service=service_id, begins_at__lt=ends_at + _NEAR, ends_at__gt=begins_at - _NEAR)
    return [Span(*row) for row in near.values_list(*Span._fields)]


def _from_sums(spans: Sequence[Span], period: Period, grouping: Stored) -> Found:
    within = [span for span in spans if period.first <= span.first and span.last <= period.last]
    months = [span for span in within if span.length == ReportSpan.Length.MONTH and not grouping.by_day]
    covered = {month.first for month in months}
    days = [it for it in within if it.length == ReportSpan.Length.DAY and it.first.replace(day=1) not in covered]
    chosen = [span.pk for span in (*months, *days)]
    if not chosen:
        return []
    return _fetched(_SUMS_OF_DAYS if grouping.by_day else _SUMS, {"spans": chosen, "grouping": grouping.name})


def _from_chats(service_id: int, spans: Sequence[Span], period: Period, grouping: Stored) -> Found:
    gaps = list(gaps_between(spans, period.begins_at, period.ends_at))
    if not gaps:
        return []
    keys = DAY_SQL if grouping.by_day else KEYS_SQL[grouping.name]
    return _fetched(_BY_KEY.format(COUNTED.format(keys=keys)), times_given(service_id, period.zone, gaps))


def times_given(service_id: int, zone: ZoneInfo, times: Iterable[tuple[datetime, datetime]]) -> dict[str, Any]:
    """Returns the parameters of ``COUNTED``."""
    begins, ends = zip(*times, strict=True)
    return {"service": service_id, "zone": zone.key, "begins": list(begins), "ends": list(ends)}


def _fetched(statement: str, given: Mapping[str, Any]) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [(key, dict(zip(marks, numbers, strict=True))) for key, marks, numbers in cursor.fetchall()]


def _by_key(found: Found) -> Mapping[str, Mapping[int, int]]:
    counts: dict[str, Mapping[int, int]] = {}
    for key, marks in found:
        counts[key] = added([counts[key], marks]) if key in counts else marks
    return counts


# How many chats, of those that began in one of the times and are no spam, bear each mark; ``keys`` is one of
# ``groupings.KEYS_SQL``.
# OFFSET 0: otherwise the key would be computed for each mark.
COUNTED = f"""
SELECT key, mark, count(*) AS number FROM (
    SELECT key, unnest(marks) AS mark FROM (
        SELECT {{keys}} AS key, {MARKS_SQL} AS marks
        FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS gap (begins_at, ends_at)
        JOIN chat_chat AS chat ON chat.service_id = %(service)s
            AND chat.created_at >= gap.begins_at AND chat.created_at < gap.ends_at AND NOT chat.is_spam
        LEFT JOIN chat_evaluation AS evaluation ON evaluation.chat_id = chat.id
        OFFSET 0
    ) AS chats
) AS marked WHERE mark IS NOT NULL GROUP BY key, mark
"""  # noqa: S608 - constants
_BY_KEY = "SELECT key, array_agg(mark), array_agg(number) FROM ({}) AS counted GROUP BY key"
_CHOSEN = "sums.span_id = ANY(%(spans)s) AND sums.grouping = %(grouping)s"
_SUMS = _BY_KEY.format(
    f"""
    SELECT sums.key, mark, sum(number)::bigint AS number FROM chat_reportsum AS sums
    CROSS JOIN unnest(sums.marks, sums.numbers) AS counted (mark, number) WHERE {_CHOSEN} GROUP BY sums.key, mark
    """  # noqa: S608
)
_SUMS_OF_DAYS = f"""
SELECT span.first::text, sums.marks, sums.numbers FROM chat_reportsum AS sums
JOIN chat_reportspan AS span ON span.id = sums.span_id WHERE {_CHOSEN}
"""  # noqa: S608
