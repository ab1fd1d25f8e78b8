"""Pages of a long list, newest first or earliest first, by position instead of by count.

The last page of 100,000 rows is read as fast as the first, and a row that is added or moves up while somebody turns
pages does not push others onto the next page.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

PAGE_SIZE = 50
LOOKED_AT_MAX = 10_000  # rows of a list of any length that one page is chosen from
COUNTED_MAX = 999  # a person reads more as “many”, and counting on would read every row
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
    """Rows, and the positions where the neighbouring pages begin; ``None`` if there is no such page.

    ``looked_to`` is where ``page_among`` has stopped to look.
    """

    rows: list[_Row]
    newer: Position | None = None
    older: Position | None = None
    looked_to: Position | None = None


def page_of(
    rows: QuerySet[_Row],
    *,
    by: str,
    before: Position | None = None,
    after: Position | None = None,
    size: int = PAGE_SIZE,
) -> Page[_Row]:
    """Returns the page of rows older than ``before``, or newer than ``after``, or the first page.

    ``by`` is the name of the time field; with ``+`` before it the list begins with the earliest, and “newer” means
    nearer to its beginning. If fewer rows than a page are newer, they are on the first page.
    """
    if after:
        found = list(rows.filter(_newer(by, after)).order_by(*_last(by))[: size + 1])
        if len(found) > size:
            return _page(found[:size][::-1], by, newer=True, older=True)
    elif before:
        rows = rows.filter(_older(by, before))
    found = list(rows.order_by(*_first(by))[: size + 1])
    return _page(found[:size], by, newer=bool(before and not after), older=len(found) > size)


def page_among(
    rows: QuerySet[_Row],
    among: QuerySet[_Row],
    *,
    by: str,
    before: Position | None = None,
    after: Position | None = None,
) -> Page[_Row]:
    """Returns the page of ``rows`` like ``page_of``, from the next ``LOOKED_AT_MAX`` of ``among``, of which they are.

    For filters that few of very many rows may fit. ``among`` must have an index in this order. A page that has looked
    at so many without being full may be empty, and leads on from where it has stopped.
    """
    if after:
        return _newer_page_among(rows, among, by, after)
    passed = among.filter(_older(by, before)) if before else among
    edge = _edge(passed.order_by(*_first(by)), by)
    page = page_of(rows.filter(_not_older(by, edge)) if edge else rows, by=by, before=before)
    if edge is None or page.older:
        return page
    return replace(page, newer=page.newer or before, older=edge, looked_to=edge)


def _newer_page_among(rows: QuerySet[_Row], among: QuerySet[_Row], by: str, after: Position) -> Page[_Row]:
    edge = _edge(among.filter(_newer(by, after)).order_by(*_last(by)), by)
    near = rows.filter(_newer(by, after))
    near = near.filter(_not_newer(by, edge)) if edge else near
    found = list(near.order_by(*_last(by))[: PAGE_SIZE + 1])
    if edge is None and len(found) <= PAGE_SIZE:
        return page_among(rows, among, by=by)
    page = _page(found[:PAGE_SIZE][::-1], by, newer=True, older=True)
    return page if len(found) > PAGE_SIZE else replace(page, newer=edge, older=page.older or after)


def looked_at(among: QuerySet[_Row], *, by: str) -> Q:
    """The condition of being among the first ``LOOKED_AT_MAX`` of the list; empty if there are no more."""
    edge = _edge(among.order_by(*_first(by)), by)
    return _not_older(by, edge) if edge else Q()


def count_among(rows: QuerySet[_Row], among: QuerySet[_Row], *, by: str) -> str:
    """The number of ``rows`` as shown to people; ``999+`` for more, ``3+`` if a page doesn't look at all of them.

    ``among`` is as for ``page_among``, or ``rows`` itself if an index leads to them.
    """
    part = Q() if rows is among else looked_at(among, by=by)
    number = rows.filter(part).order_by()[: COUNTED_MAX + 1].count()
    return f"{min(number, COUNTED_MAX)}+" if number > COUNTED_MAX or part else str(number)


def _edge(ordered: QuerySet[_Row], by: str) -> Position | None:
    """The position of the last row that is looked at, if there are more."""
    last = list(ordered.values_list(by.removeprefix("+"), "pk")[LOOKED_AT_MAX - 1 : LOOKED_AT_MAX + 1])
    return Position(*last[0]) if len(last) > 1 else None


def _first(by: str) -> tuple[str, str]:
    """The order of the list."""
    name = by.removeprefix("+")
    return (name, "pk") if by.startswith("+") else (f"-{name}", "-pk")


def _last(by: str) -> tuple[str, str]:
    """The order of the list from its end."""
    name = by.removeprefix("+")
    return (f"-{name}", "-pk") if by.startswith("+") else (name, "pk")


def _newer(by: str, position: Position) -> Q:
    return _beyond(by.removeprefix("+"), "lt" if by.startswith("+") else "gt", position)


def _older(by: str, position: Position) -> Q:
    return _beyond(by.removeprefix("+"), "gt" if by.startswith("+") else "lt", position)


def _beyond(name: str, side: str, position: Position) -> Q:
    near = Q((f"{name}__{side}", position.at)) | Q((name, position.at), (f"pk__{side}", position.pk))
    return Q((f"{name}__{side}e", position.at)) & near


# Said as ranges, not as the opposites of the above: of those the database knows neither how few they are nor an order.


def _not_older(by: str, position: Position) -> Q:
    return _up_to(by.removeprefix("+"), "lt" if by.startswith("+") else "gt", position)


def _not_newer(by: str, position: Position) -> Q:
    return _up_to(by.removeprefix("+"), "gt" if by.startswith("+") else "lt", position)


def _up_to(name: str, side: str, position: Position) -> Q:
    near = Q((f"{name}__{side}", position.at)) | Q((f"pk__{side}e", position.pk))
    return Q((f"{name}__{side}e", position.at)) & near


def _page(shown: list[_Row], by: str, *, newer: bool, older: bool) -> Page[_Row]:
    if not shown:
        return Page([])
    name = by.removeprefix("+")
    first, last = (Position(getattr(row, name), row.pk) for row in (shown[0], shown[-1]))
    return Page(shown, newer=first if newer else None, older=last if older else None)
