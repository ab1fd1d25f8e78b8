"""Operating hours are computed as a clock on the wall would have them, minute by minute, for years."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chat.routing.hours import DAY, Schedule, Span
from tests.cases import cases

SEOUL = ZoneInfo("Asia/Seoul")
OFFICE = ((9 * 60, 12 * 60), (13 * 60, 18 * 60))
WEEK = (OFFICE,) * 5 + ((), ())
MINUTE = timedelta(minutes=1)
YEARS = range(2025, 2028)
# Clocks put forward and back, by an hour and by half of one, at midnight, in the south, and never.
ZONES = [
    "Asia/Seoul",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Beirut",
    "America/Havana",
    "Africa/Casablanca",
    "Africa/Cairo",
]


def in_seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def schedule(**fields) -> Schedule:
    return Schedule(**{"zone": SEOUL, "week": WEEK} | fields)


# The model: a clock on the wall, read each minute. It knows nothing of offsets, folds or gaps.


def ticks(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each minute, and what the clock shows in it."""
    at = first
    while at < last:
        yield at, at.astimezone(zone).replace(tzinfo=None)
        at += MINUTE


class Wall:
    """Opens and closes when the clock shows a time, or first shows one that is later."""

    def __init__(self, plan: Schedule, first: date, last: date) -> None:
        self.marks: list[tuple[datetime, int]] = []
        day = first
        while day <= last:
            for start, end in plan.special.get(day, plan.week[day.weekday()]):
                midnight = datetime.combine(day, time())
                self.marks += [(midnight + MINUTE * start, 1), (midnight + MINUTE * end, -1)]
            day += timedelta(days=1)
        self.marks.sort(reverse=True)
        self.open = 0

    def shows(self, clock: datetime) -> bool:
        while self.marks and self.marks[-1][0] <= clock:
            self.open += self.marks.pop()[1]
        return self.open > 0


def by_the_wall(plan: Schedule, first: datetime, last: datetime) -> list[tuple[datetime, bool]]:
    """The moments at which it opens and closes, with what it does."""
    margin = timedelta(days=3)
    wall = Wall(plan, (first - margin).date(), (last + margin).date())
    was, edges = None, []
    for at, clock in ticks(plan.zone, first - margin, last):
        now = wall.shows(clock)
        if was is not None and now != was and at > first:
            edges.append((at, now))
        was = now
    return edges


def computed(plan: Schedule, first: datetime, last: datetime) -> list[tuple[datetime, bool]]:
    edges, at = [], plan.next_edge(first)
    while at and at < last:
        edges.append((at, plan.is_open(at)))
        at = plan.next_edge(at)
    return edges


def spans() -> st.SearchStrategy[Span]:
    starts = st.integers(0, DAY - 1) | st.sampled_from([0, 60, 90, 120, 150, 23 * 60, 23 * 60 + 30])
    lengths = st.integers(1, DAY) | st.sampled_from([30, 60, 8 * 60, DAY])
    return st.builds(lambda start, length: (start, start + length), starts, lengths)


def days() -> st.SearchStrategy[tuple[Span, ...]]:
    return st.lists(spans(), max_size=3).map(tuple)


plans = st.builds(
    Schedule,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    week=st.lists(days(), min_size=7, max_size=7).map(tuple),
    special=st.dictionaries(st.dates(date(2025, 1, 1), date(2027, 12, 31)), days(), max_size=12),
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@example(plan=schedule())
@given(plan=plans)
def test_three_years_are_as_by_a_clock_on_the_wall(plan: Schedule) -> None:
    first, last = datetime(min(YEARS), 1, 1, tzinfo=UTC), datetime(max(YEARS) + 1, 1, 1, tzinfo=UTC)
    assert computed(plan, first, last) == by_the_wall(plan, first, last)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The hours in which the clock is put forward or back."""
    hours = [datetime(min(YEARS), 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(24 * 365 * len(YEARS))]
    offsets = [at.astimezone(zone).utcoffset() for at in hours]
    return [at for at, before, after in zip(hours, offsets, offsets[1:], strict=False) if before != after]


@pytest.mark.parametrize("name", ZONES)
def test_around_each_change_of_the_clock_hours_are_as_by_a_clock_on_the_wall(name: str) -> None:
    """With spans that begin and end before, in and after the hour that is left out or comes twice."""
    zone = ZoneInfo(name)
    for at in changes(zone):
        for start in range(0, DAY, 97):
            plan = Schedule(zone=zone, week=(((start, start + 75), (start + 100, start + 290)),) * 7)
            first, last = at - timedelta(hours=30), at + timedelta(hours=30)
            assert computed(plan, first, last) == by_the_wall(plan, first, last), (at, start)


@settings(max_examples=40, deadline=None)
@given(plan=plans, minutes=st.integers(1, 40 * 60), hour=st.integers(0, 24 * 365))
def test_working_time_is_the_minutes_in_which_it_is_open(plan: Schedule, minutes: int, hour: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    due = plan.working_time_after(start, MINUTE * minutes)

    if not any(plan.week):
        return
    worked = sum(plan.is_open(at) for at, _clock in ticks(plan.zone, start, due))
    assert worked == minutes
    assert plan.is_open(due - MINUTE)
    assert plan.working_time_between(start, due) == MINUTE * minutes
    middle = start + (due - start) / 2
    between = plan.working_time_between(start, middle) + plan.working_time_between(middle, due)
    assert between == MINUTE * minutes


HOLIDAYS = {date(2026, 12, 25): (), date(2026, 12, 26): ((10 * 60, 14 * 60),), date(2026, 12, 31): OFFICE[:1]}


@cases(
    ("at", "is_open", "edge"),
    [
        ("2026-12-21 08:59", False, "2026-12-21 09:00"),
        ("2026-12-21 09:00", True, "2026-12-21 12:00"),
        ("2026-12-21 12:00", False, "2026-12-21 13:00"),
        ("2026-12-21 17:59", True, "2026-12-21 18:00"),
        ("2026-12-24 18:00", False, "2026-12-26 10:00"),
        ("2026-12-26 10:00", True, "2026-12-26 14:00"),
        ("2026-12-26 14:00", False, "2026-12-28 09:00"),
        ("2026-12-31 12:00", False, "2027-01-01 09:00"),
    ],
)
def test_hours_with_breaks_and_special_days(at: str, is_open: bool, edge: str) -> None:
    plan = schedule(special=HOLIDAYS)
    assert (plan.is_open(in_seoul(at)), plan.next_edge(in_seoul(at))) == (is_open, in_seoul(edge))


def test_past_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = ((22 * 60, 26 * 60),)
    plan = schedule(week=((), (), (), (), night, (), ()), special={date(2026, 12, 26): ()})

    assert plan.is_open(in_seoul("2026-12-26 01:59"))  # a Saturday, and a holiday: Friday's night
    assert plan.next_edge(in_seoul("2026-12-25 23:00")) == in_seoul("2026-12-26 02:00")
    assert not plan.is_open(in_seoul("2026-12-26 22:30"))


def test_day_and_night_has_no_edge_and_never_has_none() -> None:
    always, never = schedule(week=(((0, DAY),),) * 7), schedule(week=((),) * 7)
    at = in_seoul("2026-12-21 09:00")

    assert always.is_open(at)
    assert always.next_edge(at) is None
    assert not never.is_open(at)
    assert (never.next_edge(at), never.next_opening(at)) == (None, None)
    assert never.working_time_after(at, timedelta(hours=1)) == at + timedelta(hours=1)


def test_an_override_lasts_until_its_edge() -> None:
    """Closed at eleven until the break: after the break it is open again, by the hours."""
    closed = schedule(override=False, override_until=in_seoul("2026-12-21 12:00"))
    assert not closed.is_open(in_seoul("2026-12-21 11:00"))
    assert closed.next_opening(in_seoul("2026-12-21 11:00")) == in_seoul("2026-12-21 13:00")
    assert closed.is_open(in_seoul("2026-12-21 13:00"))

    opened = schedule(override=True, override_until=in_seoul("2026-12-22 09:00"))
    assert opened.is_open(in_seoul("2026-12-21 23:00"))
    assert opened.next_edge(in_seoul("2026-12-21 23:00")) == in_seoul("2026-12-22 12:00")
    assert not opened.is_open(in_seoul("2026-12-22 12:00"))

    overlong = schedule(override=True, override_until=in_seoul("2026-12-22 12:30"))
    assert overlong.next_edge(in_seoul("2026-12-22 12:10")) == in_seoul("2026-12-22 12:30")
    assert overlong.working_time_after(in_seoul("2026-12-22 12:10"), MINUTE) == in_seoul("2026-12-22 13:01")
