"""The ticket list: what is asked for, and one page of it, newest update first.

Pages go by position (``updated_at``, ``id``) and not by count: the last of 100,000 tickets is as near as the first, and
a ticket that moves up while somebody turns pages is not shown for another one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from agents.models import Agent
from tickets.models import Ticket

PAGE_SIZE = 50
COUNTED_MAX = 999  # past it a person reads “many”, and counting on would read every row
WORDS_MAX = 8  # of one search: each is a look into the index
ME, NOBODY = "me", "nobody"  # assignees that are no number
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True)
class Position:
    """Where in the list a ticket stands. As text ``microseconds-id``, for a URL."""

    updated_at: datetime
    pk: int

    @classmethod
    def of(cls, ticket: Ticket) -> "Position":
        return cls(ticket.updated_at, ticket.pk)

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """``None`` for what is no position."""
        micros, _, pk = text.partition("-")
        if not (micros.isascii() and micros.isdigit() and pk.isascii() and pk.isdigit() and len(text) <= 40):
            return None
        try:
            return cls(_EPOCH + timedelta(microseconds=int(micros)), min(int(pk), 2**63 - 1))
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{(self.updated_at - _EPOCH) // timedelta(microseconds=1)}-{self.pk}"


@dataclass(frozen=True)
class Page:
    """``older`` and ``newer`` are where the neighbouring pages begin; ``None`` where there is none."""

    tickets: list[Ticket]
    newer: Position | None = None
    older: Position | None = None


def narrow(
    tickets: QuerySet[Ticket],
    *,
    agent: Agent,
    state: str = "",
    assignee: str = "",
    tag: int | None = None,
    text: str = "",
) -> QuerySet[Ticket]:
    """The tickets that fit every filter; an empty one fits all. ``assignee`` is ``me``, ``nobody`` or an agent's id."""
    if state:
        tickets = tickets.filter(state=state)
    if assignee == ME:
        tickets = tickets.filter(assignee=agent)
    elif assignee == NOBODY:
        tickets = tickets.filter(state=Ticket.State.UNASSIGNED)
    elif assignee:
        tickets = tickets.filter(assignee=int(assignee))
    if tag:
        tickets = tickets.filter(tags=tag)
    return tickets.filter(_containing(text)) if text.strip() else tickets


def page_of(tickets: QuerySet[Ticket], *, before: Position | None = None, after: Position | None = None) -> Page:
    """The page of older tickets ``before`` a position, of newer ones ``after`` it, or the first page.

    Where fewer than a page are newer, the first page is the one that holds them.
    """
    rows = tickets.defer("search", "body").select_related("requester", "assignee__user").prefetch_related("tags")
    if after:
        near = Q(updated_at__gt=after.updated_at) | Q(updated_at=after.updated_at, pk__gt=after.pk)
        found = list(rows.filter(near, updated_at__gte=after.updated_at).order_by("updated_at", "pk")[: PAGE_SIZE + 1])
        if len(found) > PAGE_SIZE:
            return _page(found[:PAGE_SIZE][::-1], newer=True, older=True)
    elif before:
        near = Q(updated_at__lt=before.updated_at) | Q(updated_at=before.updated_at, pk__lt=before.pk)
        rows = rows.filter(near, updated_at__lte=before.updated_at)
    found = list(rows.order_by("-updated_at", "-pk")[: PAGE_SIZE + 1])
    return _page(found[:PAGE_SIZE], newer=bool(before and not after), older=len(found) > PAGE_SIZE)


def count(tickets: QuerySet[Ticket]) -> str:
    """How many there are, for a person; ``999+`` past that."""
    found = tickets.order_by()[: COUNTED_MAX + 1].count()
    return str(found) if found <= COUNTED_MAX else f"{COUNTED_MAX}+"


def _page(shown: list[Ticket], *, newer: bool, older: bool) -> Page:
    if not shown:
        return Page([])
    return Page(
        shown,
        newer=Position.of(shown[0]) if newer else None,
        older=Position.of(shown[-1]) if older else None,
    )


def _containing(text: str) -> Q:
    """Every word, also as the beginning of a longer one (환불 finds 환불이); ``12`` and ``#12`` find a number."""
    text = text.strip()
    digits = text.removeprefix("#")
    if digits.isascii() and digits.isdigit():
        number = Q(number=int(digits)) if int(digits) <= _NUMBER_MAX else Q(pk__in=[])
        return number if text.startswith("#") else number | _words(text)
    return _words(text)


def _words(text: str) -> Q:
    """Each word is quoted, so that nothing in it is an operator of ``to_tsquery``."""
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in text.split()[:WORDS_MAX])
    return Q(search=SearchQuery(" & ".join(quoted), search_type="raw", config="simple"))
