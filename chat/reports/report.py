"""A report: the figures of a period by one grouping, their sum, and those of the period before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from agents.models import Agent, Service
from chat.categories import Tree, tree_of
from chat.conversation.history import NONE, Spam
from chat.reports.counting import counts_of
from chat.reports.groupings import HOURS, TOTAL, Grouping, stored
from chat.reports.marks import Figures
from chat.reports.periods import Period
from chat.topics import Topic
from contiple.templatetags.parts import day as day_shown

Marks = Mapping[str, Mapping[int, int]]  # by key


@dataclass(frozen=True)
class Row:
    """The figures of one key. ``short`` is its name on an axis; ``query`` leads to its chats in Chat History."""

    key: str
    name: str
    short: str
    figures: Figures
    query: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Report:
    service: Service
    period: Period
    before: Period
    grouping: Grouping
    rows: list[Row]
    total: Figures
    total_before: Figures

    @property
    def query(self) -> dict[str, str]:
        """The query of Chat History that shows the period's chats."""
        return _days(self.period.first, self.period.last)

    def chats_url(self, query: Mapping[str, str], outcome: str = "") -> str:
        more = {"outcome": outcome} if outcome else {}
        return f"{self._chats_url}?{urlencode({**query, **more})}"

    @cached_property
    def _chats_url(self) -> str:
        return reverse("chat:chats", args=[self.service.slug])


def report_of(service: Service, period: Period, grouping: Grouping, *, now: datetime) -> Report:
    """Makes the report. The caller has checked that an admin of the service asks."""
    before = period.before(now)
    counts = counts_of(service.pk, period, stored(grouping))
    return Report(
        service=service,
        period=period,
        before=before,
        grouping=grouping,
        rows=_ROWS[grouping](service, period, counts.by_key),
        total=Figures(counts.total),
        total_before=Figures(counts_of(service.pk, before, TOTAL).total),
    )


def _days(first: date, last: date) -> dict[str, str]:
    return {"since": first.isoformat(), "until": last.isoformat(), "spam": Spam.WITHOUT.value}


def _figures(counts: Marks, key: str) -> Figures:
    return Figures(counts.get(key, {}))


def _rows_of_days(service: Service, period: Period, counts: Marks) -> list[Row]:
    return [
        Row(
            key=(key := day.isoformat()),
            name=day_shown(day),
            short=f"{day.month}/{day.day}",
            figures=_figures(counts, key),
            query=_days(day, day),
        )
        for day in period.days()
    ]


def _rows_of_hours(service: Service, period: Period, counts: Marks) -> list[Row]:
    return [
        Row(key=str(hour), name=_hour(hour), short=str(hour), figures=_figures(counts, str(hour)))
        for hour in range(HOURS)
    ]


def _rows_of_week(service: Service, period: Period, counts: Marks) -> list[Row]:
    return [
        Row(
            key=key,
            name=f"{WEEKDAYS[int(key) // HOURS]} {_hour(int(key) % HOURS)}",
            short=str(WEEKDAYS_ABBR[int(key) // HOURS]),
            figures=_figures(counts, key),
        )
        for key in sorted(counts, key=int)
    ]


def _rows_of_agents(service: Service, period: Period, counts: Marks) -> list[Row]:
    agents = Agent.objects.filter(service=service, pk__in=_numbers(counts)).select_related("user")
    names = {str(agent.pk): str(agent) for agent in agents}
    return _most_first(counts, "agent", names, period, nothing=_("Nobody"))


def _rows_of_topics(service: Service, period: Period, counts: Marks) -> list[Row]:
    topics = Topic.objects.filter(service=service, pk__in=_numbers(counts))
    names = {str(topic.pk): str(topic) for topic in topics}
    return _most_first(counts, "topic", names, period, nothing=_("No queue"))


def _rows_of_categories(service: Service, period: Period, counts: Marks) -> list[Row]:
    """Chats of a category itself. Chat History shows those of the categories below it too, so it has no link then."""
    tree = tree_of(service)
    names = {str(pk): tree.said(row) for pk, row in tree.by_id.items()}
    rows = _most_first(counts, "category", names, period, nothing=_("No category"))
    return [_linked(row, tree, period) for row in rows]


def _linked(row: Row, tree: Tree, period: Period) -> Row:
    if not row.key:
        return replace(row, query={**_days(period.first, period.last), "category": NONE})
    is_alone = row.key.isdecimal() and tree.below(int(row.key)) == [int(row.key)]
    return row if is_alone else replace(row, query=None)


def _rows_of_languages(service: Service, period: Period, counts: Marks) -> list[Row]:
    names = {code: _(name) for code, name in settings.LANGUAGES}
    return _most_first(counts, "language", names, period, nothing="")


def _most_first(counts: Marks, field: str, names: Mapping[str, str], period: Period, *, nothing: str) -> list[Row]:
    """Rows of the keys, the most chats first, and last those without one. Chat History filters by ``field``."""

    def row(key: str) -> Row:
        name = names.get(key, key) if key else nothing
        query = {**_days(period.first, period.last), field: key} if field and key in names else None
        return Row(key=key, name=name, short=name, figures=_figures(counts, key), query=query)

    rows = map(row, counts)
    return sorted(rows, key=lambda it: (not it.key, -it.figures.received, it.name))


def _numbers(counts: Marks) -> list[int]:
    return [int(key) for key in counts if key]


def _hour(hour: int) -> str:
    return f"{hour:02}:00–{hour + 1:02}:00"


_ROWS: Mapping[Grouping, Callable[[Service, Period, Marks], list[Row]]] = {
    Grouping.DAY: _rows_of_days,
    Grouping.HOUR: _rows_of_hours,
    Grouping.WEEK: _rows_of_week,
    Grouping.AGENT: _rows_of_agents,
    Grouping.TOPIC: _rows_of_topics,
    Grouping.CATEGORY: _rows_of_categories,
    Grouping.LANGUAGE: _rows_of_languages,
}
