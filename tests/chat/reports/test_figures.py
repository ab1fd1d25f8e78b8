"""Every figure of a report equals what is counted by hand from messages and the trail, however the report finds it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.models import Agent, Service
from chat.categories import Category
from chat.models import Chat
from chat.report_sums import ReportSpan
from chat.reports.groupings import Grouping
from chat.reports.marks import Figures, Times
from chat.reports.periods import Period
from chat.reports.report import Report, report_of
from chat.reports.summing import sum_days
from chat.topics import Topic
from tests.chat.reports.worlds import SEOUL, Counted, at, count_by_hand, day_of, make_world, nearest_rank, sum_of

pytestmark = pytest.mark.django_db

KEYS = {
    Grouping.DAY: lambda chat: day_of(chat).isoformat(),
    Grouping.HOUR: lambda chat: str(chat.created_at.astimezone(SEOUL).hour),
    Grouping.WEEK: lambda chat: str(day_of(chat).weekday() * 24 + chat.created_at.astimezone(SEOUL).hour),
    Grouping.AGENT: lambda chat: str(chat.agent_id or ""),
    Grouping.TOPIC: lambda chat: str(chat.topic_id or ""),
    Grouping.CATEGORY: lambda chat: str(chat.category_id or ""),
    Grouping.LANGUAGE: lambda chat: chat.language,
}
FIRST, LAST = date(2026, 2, 1), date(2026, 3, 2)
NOW = at("2026-06-01T12:00")


@pytest.fixture
def topics(service: Service) -> list[Topic]:
    return [Topic.objects.create(service=service, key=key, names={"en": key}) for key in ("orders", "returns")]


@pytest.fixture
def world(service: Service, agent: Agent, colleague: Agent, topics: list[Topic], outsider: Agent) -> list[Chat]:
    """Forty days of chats: some are before the period, some after. Another service has its own."""
    Category.objects.create(service=service, names={"en": "Delivery"})
    since = datetime(2026, 1, 25, 14, tzinfo=ZoneInfo("UTC"))
    make_world(outsider.service, [outsider], [], seed=2, since=since, days=40, number=10)
    return make_world(service, [agent, colleague], topics, seed=1, since=since, days=40, number=160)


def report(service: Service, grouping: Grouping) -> Report:
    return report_of(service, Period(FIRST, LAST, SEOUL), grouping, now=NOW)


def test_every_figure_is_what_is_counted_by_hand(world, service) -> None:
    within = [chat for chat in world if FIRST <= day_of(chat) <= LAST]
    expected = {grouping: count_by_hand(within, key) for grouping, key in KEYS.items()}
    for grouping, counted in expected.items():
        assert_report(report(service, grouping), counted)
    sum_days(service.pk, now=NOW)
    assert ReportSpan.objects.filter(service=service, length="month").exists()
    for grouping, counted in expected.items():
        assert_report(report(service, grouping), counted)


def assert_report(found: Report, expected: Mapping[str, Counted]) -> None:
    shown = {row.key: row.figures for row in found.rows if row.figures.received}
    assert shown.keys() == expected.keys()
    if found.grouping != Grouping.WEEK:
        for key, counted in expected.items():
            assert_equal(shown[key], counted)
    for key, counted in expected.items():
        assert_equal_counts(shown[key], counted)
        assert_close(shown[key].waiting, counted.waiting)
    assert_equal(found.total, sum_of(expected.values()))


def assert_equal_counts(found: Figures, counted: Counted) -> None:
    assert (found.received, found.processed) == (counted.received, counted.processed)
    assert found.unprocessed == counted.received - counted.processed
    assert (found.gave_up, found.absent) == (counted.gave_up, counted.absent)


def assert_equal(found: Figures, counted: Counted) -> None:
    assert_equal_counts(found, counted)
    assert_close(found.waiting, counted.waiting)
    assert_close(found.first_answer, counted.first_answer)
    assert_close(found.handling, counted.handling)
    assert sorted(counted.scores) == sorted(
        score for score, number in found.evaluation.numbers.items() for _each in range(number)
    )


def assert_close(found: Times, exact: list[float]) -> None:
    """Within five per cent, or half a second."""
    assert found.number == len(exact)
    for value, percent in ((found.median_s, 50), (found.most_s, 90)):
        assert value == (pytest.approx(nearest_rank(exact, percent), rel=0.05, abs=0.5) if exact else None)


def test_the_period_before_has_the_same_length(world, service) -> None:
    before = Period(FIRST - timedelta(days=30), FIRST - timedelta(days=1), SEOUL)
    found = report(service, Grouping.DAY)
    assert found.before == before
    assert found.total_before.received == len([chat for chat in world if day_of(chat) < FIRST]) > 0
