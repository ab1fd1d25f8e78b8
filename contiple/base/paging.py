"""Pages of a long list, newest first, by position instead of by count.

The last page of 100,000 rows is read as fast as the first, and a row that is added or moves up while somebody turns
pages does not push others onto the next page.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

PAGE_SIZE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True)
class Position:
    """A row's position in a list: its time, then its id. As text ``microseconds-id``."""

    at: datetime
    pk: int

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Returns the position, or ``None`` if the text is none."""
        micros, _, pk = text.partition("-")
        if not (micros.isascii() and micros.isdigit() and pk.isascii() and pk.isdigit() and len(text) <= 40):
            return None
        try:
            return cls(_EPOCH + timedelta(microseconds=int(micros)), min(int(pk), 2**63 - 1))
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.pk}"


@dataclass(frozen=True)
class Page(Generic[_Row]):
    """Rows, and the positions where the neighbouring pages begin; ``None`` if there is no such page."""

    rows: list[_Row]
    newer: Position | None = None
    older: Position | None = None


def page_of(
    rows: QuerySet[_Row],
    *,
    by: str,
    before: Position | None = None,
    after: Position | None = None,
    size: int = PAGE_SIZE,
) -> Page[_Row]:
    """Returns the page of rows older than ``before``, or newer than ``after``, or the first page.

    ``by`` is the name of the time field. If fewer rows than a page are newer, they are on the first page.
    """
    if after:
        near = Q((f"{by}__gt", after.at)) | Q((by, after.at), pk__gt=after.pk)
        found = list(rows.filter(near, (f"{by}__gte", after.at)).order_by(by, "pk")[: size + 1])
        if len(found) > size:
            return _page(found[:size][::-1], by, newer=True, older=True)
    elif before:
        near = Q((f"{by}__lt", before.at)) | Q((by, before.at), pk__lt=before.pk)
        rows = rows.filter(near, (f"{by}__lte", before.at))
    found = list(rows.order_by(f"-{by}", "-pk")[: size + 1])
    return _page(found[:size], by, newer=bool(before and not after), older=len(found) > size)


def _page(shown: list[_Row], by: str, *, newer: bool, older: bool) -> Page[_Row]:
    if not shown:
        return Page([])
    first, last = (Position(getattr(row, by), row.pk) for row in (shown[0], shown[-1]))
    return Page(shown, newer=first if newer else None, older=last if older else None)
