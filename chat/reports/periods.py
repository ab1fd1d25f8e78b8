"""The days that a report is about, in the service's zone. Where its clock changes, a day has 23 or 25 hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_MAX = 366
DAY = timedelta(days=1)


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """Returns the day's first moment, in UTC; if the zone's clock leaves midnight out, the first moment after it."""
    return datetime.combine(day, time.min, zone).astimezone(ZoneInfo("UTC"))


@dataclass(frozen=True)
class Period:
    """The days from ``first`` to ``last``. ``cut_at`` ends it earlier, within its last day."""

    first: date
    last: date
    zone: ZoneInfo
    cut_at: datetime | None = None

    @property
    def begins_at(self) -> datetime:
        return begin_of(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        """Returns the first moment after it."""
        return self.cut_at or begin_of(self.last + DAY, self.zone)

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(self.length))

    def before(self, now: datetime) -> "Period":
        """Returns the period of the same length before this one. Before today it is yesterday until the same hour."""
        length = timedelta(days=self.length)
        first, last = self.first - length, self.last - length
        is_today = self.length == 1 and self.begins_at <= now < self.ends_at
        return Period(first, last, self.zone, _a_day_before(now, self.zone) if is_today else None)


def _a_day_before(now: datetime, zone: ZoneInfo) -> datetime:
    """Returns when the zone's clock showed the same time a day ago."""
    local = now.astimezone(zone)
    return (local - DAY).replace(fold=0).astimezone(ZoneInfo("UTC"))


def last_days(number: int, now: datetime, zone: ZoneInfo) -> Period:
    """Returns the last ``number`` days; the last of them is today."""
    today = now.astimezone(zone).date()
    return Period(today - timedelta(days=number - 1), today, zone)
