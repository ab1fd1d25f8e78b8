"""Calendar months in Korean time, for every reader: the record of unmasking is reviewed by the month."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from django.utils.formats import date_format

# The rules that demand the review are Korean. Korea has had no summer time since 1988.
KOREA = timezone(timedelta(hours=9), "KST")
_WRITTEN = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Month:
    """A month; its text is ``2026-11``. Later months are greater."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        local = moment.astimezone(KOREA)
        return cls(local.year, local.month)

    @classmethod
    def parse(cls, text: str) -> "Month | None":
        """Returns the month, or ``None`` if the text is no month of this century."""
        written = _WRITTEN.fullmatch(text)
        return cls(int(written[1]), int(written[2])) if written else None

    @property
    def begin(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=KOREA)

    @property
    def end(self) -> datetime:
        """Returns the first moment after the month."""
        return self.next.begin

    @property
    def next(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    @property
    def name(self) -> str:
        """Returns the month's name in the reader's language."""
        return date_format(self.begin, "YEAR_MONTH_FORMAT")

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


def months_from(first: Month, last: Month) -> list[Month]:
    """Returns the months from ``first`` to ``last``, the latest first."""
    months = []
    while last >= first:
        months.append(last)
        last = last.previous
    return months
