"""When a service is open by its operating hours: computed, without a look at the database or the clock.

A span belongs to the day on which it begins, and a special day replaces the spans that would begin on it: so a Friday
night until 2:00 stays open although Saturday is a holiday. Days and times are those of the zone's clock. If the clock
is put forward over a time, that time is the moment of the change; if it is put back, it is the first of the two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 24 * 60
# An edge further away is none: whoever is open or closed for so long is so for good.
LOOK_AHEAD = timedelta(days=400)
_WORK_AHEAD = 10 * 366  # days in which due work is looked for

Span = tuple[int, int]  # minutes of the day: from the first until before the second, which may be of the next day


@dataclass(frozen=True)
class Schedule:
    """A service's hours. ``week`` has the spans of each weekday, Monday first; ``special`` those of other days.

    ``override`` says open or closed, whatever the hours say, before ``override_until``. Every moment is aware.
    """

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    special: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    override: bool | None = None
    override_until: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        return self.override is True if self._is_overridden(at) else self._is_scheduled(at)

    def next_edge(self, at: datetime) -> datetime | None:
        """Returns the first moment after ``at`` at which the service opens or closes; ``None`` if there is none."""
        if not self._is_overridden(at):
            return self.scheduled_edge(at)
        assert self.override_until
        goes_on = self._is_scheduled(self.override_until) == self.override
        return self.scheduled_edge(self.override_until) if goes_on else self.override_until

    def next_opening(self, at: datetime) -> datetime | None:
        """Returns when the service, closed at ``at``, opens again; ``None`` if it doesn't, or is open."""
        return None if self.is_open(at) else self.next_edge(at)

    def scheduled_edge(self, at: datetime) -> datetime | None:
        """As ``next_edge``, by the hours alone."""
        start, end = next(self._open(at), (None, None))
        edge = end if start and start <= at else start
        return edge if edge and edge <= at + LOOK_AHEAD else None

    def working_time_after(self, start: datetime, duration: timedelta) -> datetime:
        """Returns when the service has been open for ``duration`` since ``start``, by the hours alone.

        If it never is so long, every hour counts.
        """
        left, reached = duration, start
        for opens, closes in self._spans(start, _WORK_AHEAD) if self._ever_opens() else ():
            begins = max(opens, reached)
            if closes - begins >= left:
                return begins + left
            if closes > begins:
                left, reached = left - (closes - begins), closes
        return start + duration

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Returns for how long the service is open between the two moments, by the hours alone.

        If it never opens, every hour counts, as in ``working_time_after``.
        """
        if not self._ever_opens():
            return end - start
        worked, reached = timedelta(), start
        for opens, closes in self._spans(start, (end - start).days + 5):
            begins, ends = max(opens, reached), min(closes, end)
            if ends > begins:
                worked, reached = worked + (ends - begins), ends
        return worked

    def _is_overridden(self, at: datetime) -> bool:
        return self.override is not None and self.override_until is not None and at < self.override_until

    def _is_scheduled(self, at: datetime) -> bool:
        start, _end = next(self._open(at), (None, None))
        return start is not None and start <= at

    def _ever_opens(self) -> bool:
        return any(self.week) or any(self.special.values())

    def _open(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yields when the service is open, from ``at`` on: spans that touch are one."""
        current: tuple[datetime, datetime] | None = None
        for opens, closes in self._spans(at, LOOK_AHEAD.days + 3):
            if current and opens <= current[1]:
                current = current[0], max(current[1], closes)
                continue
            if current:
                yield current
            current = opens, closes
        if current:
            yield current

    def _spans(self, at: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Yields the spans of so many days that end after ``at``, in the order in which they begin.

        It begins two days before: a span of the day before may go on, and a clock that is put back over midnight shows
        that day again.
        """
        first = at.astimezone(self.zone).date() - timedelta(days=2)
        for day in (first + timedelta(days=number) for number in range(days)):
            for start, end in sorted(self.special.get(day, self.week[day.weekday()])):
                opens, closes = self._moment(day, start), self._moment(day, end)
                if closes > max(opens, at):
                    yield opens, closes

    def _moment(self, day: date, minute: int) -> datetime:
        """Returns the first moment at which the zone's clock shows this minute of the day, or has passed it."""
        shown = datetime.combine(day, time()) + timedelta(minutes=minute)
        moment = shown.replace(tzinfo=self.zone).astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == shown:
            return moment
        return self._change_between(shown.replace(tzinfo=self.zone, fold=1).astimezone(UTC), moment)

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """Returns the moment between these two, to the second, at which the clock is put forward."""
        offset = before.astimezone(self.zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = (before + (after - before) / 2).replace(microsecond=0)
            is_before = middle.astimezone(self.zone).utcoffset() == offset
            before, after = (middle, after) if is_before else (before, middle)
        return after
