"""Periods are days of the service's zone, also where its clock changes."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from chat.reports.forms import ReportForm
from chat.reports.marks import BOUNDS, seconds_of
from chat.reports.periods import DAYS_MAX, Period, begin_of, last_days
from tests.chat.reports.worlds import SEOUL, at

LONDON, SANTIAGO = ZoneInfo("Europe/London"), ZoneInfo("America/Santiago")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (SEOUL, date(2026, 3, 29), 24),
        (LONDON, date(2026, 3, 29), 23),
        (LONDON, date(2026, 10, 25), 25),
        (SANTIAGO, date(2026, 9, 6), 23),  # midnight itself is left out
        (SANTIAGO, date(2026, 4, 4), 25),  # the hour before midnight comes twice
    ],
)
def test_a_day_is_as_long_as_the_clock_says(zone: ZoneInfo, day: date, hours: int) -> None:
    period = Period(day, day, zone)
    assert period.ends_at - period.begins_at == timedelta(hours=hours)


@pytest.mark.parametrize("zone", [SEOUL, LONDON, SANTIAGO])
def test_days_follow_each_other_without_a_gap(zone: ZoneInfo) -> None:
    days = list(Period(date(2026, 1, 1), date(2026, 12, 31), zone).days())
    assert len(days) == 365
    for day in days:
        begin = begin_of(day, zone)
        assert begin.astimezone(zone).date() == day
        assert (begin - timedelta(microseconds=1)).astimezone(zone).date() == day - timedelta(days=1)


def test_today_is_compared_with_yesterday_until_the_same_hour() -> None:
    now = at("2026-03-29T11:00")  # noon in London, on the day on which its clock went forward
    today = last_days(1, now, LONDON)
    before = today.before(now)
    assert (before.first, before.last) == (date(2026, 3, 28), date(2026, 3, 28))
    assert before.ends_at == at("2026-03-28T12:00")
    assert last_days(7, now, LONDON).before(now) == Period(date(2026, 3, 16), date(2026, 3, 22), LONDON)


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2026, 5, 26), date(2026, 6, 1)),
        ({"days": "1"}, date(2026, 6, 1), date(2026, 6, 1)),
        ({"days": "90"}, date(2026, 3, 4), date(2026, 6, 1)),
        ({"days": "own"}, date(2026, 5, 26), date(2026, 6, 1)),
        ({"days": "own", "since": "2026-05-01", "until": "2026-05-03"}, date(2026, 5, 1), date(2026, 5, 3)),
        ({"days": "own", "since": "2026-05-09", "until": "2026-05-03"}, date(2026, 5, 3), date(2026, 5, 3)),
        ({"days": "own", "since": "2026-05-09", "until": "9999-12-31"}, date(2026, 5, 9), date(2026, 6, 1)),
        ({"days": "own", "since": "0001-01-01"}, date(2025, 6, 1), date(2026, 6, 1)),
    ],
)
def test_the_dates_that_are_asked_for(query: dict, first: date, last: date) -> None:
    period = ReportForm(query, now=at("2026-05-31T16:00"), zone=SEOUL).period()
    assert (period.first, period.last) == (first, last)
    assert period.length <= DAYS_MAX


def test_a_time_read_back_differs_by_five_per_cent_at_most() -> None:
    for bucket, (low, high) in enumerate(pairwise(BOUNDS), start=1):
        assert abs(seconds_of(bucket) / low - 1) < 0.05
        assert abs(seconds_of(bucket) / high - 1) < 0.05
