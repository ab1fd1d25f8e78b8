"""The ticket list: filters, and one page of what fits, newest update first."""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from agents.models import Agent
from contiple.base import paging
from tickets.models import Ticket

COUNTED_MAX = 999  # a person reads more as “many”, and counting on would read every row
FEW = 1_000  # matches that are fetched by their ids
WORDS_MAX = 8  # in one search: the index is read once for each
ME, NOBODY = "me", "nobody"  # the values of ``Filters.assignee`` that are no id
_NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True)
class Filters:
    """Filters of the list; an empty value fits every ticket. ``assignee`` is ``me``, ``nobody`` or an agent's id."""

    state: str = ""
    assignee: str = ""
    tag: int | None = None
    text: str = ""


def narrow(tickets: QuerySet[Ticket], agent: Agent, filters: Filters) -> QuerySet[Ticket]:
    """The tickets that fit every filter; ``agent`` is who looks for them."""
    if filters.state:
        tickets = tickets.filter(state=filters.state)
    if filters.assignee == ME:
        tickets = tickets.filter(assignee=agent)
    elif filters.assignee == NOBODY:
        tickets = tickets.filter(state=Ticket.State.UNASSIGNED)
    elif filters.assignee:
        tickets = tickets.filter(assignee=int(filters.assignee))
    if filters.tag:
        tagged = Ticket.tags.through.objects.filter(tag=filters.tag).values_list("ticket", flat=True)
        tickets = _among_few(tickets, [tagged], Q(tags=filters.tag))
    if filters.text.strip():
        found = Ticket.objects.filter(service=agent.service).order_by().values_list("pk", flat=True)
        conditions = _containing(filters.text)
        whole = reduce(or_, conditions)
        tickets = _among_few(tickets, [found.filter(condition) for condition in conditions], whole)
    return tickets


def page_of(
    tickets: QuerySet[Ticket], *, before: paging.Position | None = None, after: paging.Position | None = None
) -> paging.Page[Ticket]:
    """A page of ``tickets``, as ``paging.page_of`` returns it, with what a row shows."""
    rows = tickets.defer("search", "body").select_related("requester", "assignee__user").prefetch_related("tags")
    return paging.page_of(rows, by="updated_at", before=before, after=after)


def count(tickets: QuerySet[Ticket]) -> str:
    """The number of ``tickets`` as shown to people; ``999+`` for more."""
    found = tickets.order_by()[: COUNTED_MAX + 1].count()
    return str(found) if found <= COUNTED_MAX else f"{COUNTED_MAX}+"


def _among_few(tickets: QuerySet[Ticket], found: list[QuerySet[Any, int]], condition: Q) -> QuerySet[Ticket]:
    """The tickets that fit ``condition``, which are those ``found`` by indexes.

    A few are fetched by their ids. Of many, the list meets a page soon. The database, left to choose, walks down the
    whole list for what isn't in it.
    """
    ids = {pk for each in found for pk in each[: FEW + 1]}
    return tickets.filter(pk__in=ids) if len(ids) <= FEW else tickets.filter(condition)


def _containing(text: str) -> list[Q]:
    """Matches every word or beginning of a word (환불 finds 환불이); ``12`` and ``#12`` match a ticket's number.

    One of the conditions must hold; each has an index of its own.
    """
    text = text.strip()
    digits = text.removeprefix("#")
    if digits.isascii() and digits.isdigit():
        number = Q(number=int(digits)) if int(digits) <= _NUMBER_MAX else Q(pk__in=[])
        return [number] if text.startswith("#") else [number, _words(text)]
    return [_words(text)]


def _words(text: str) -> Q:
    """Matches all words. Each is quoted, or signs in it would be operators of ``to_tsquery``."""
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in text.split()[:WORDS_MAX])
    return Q(search=SearchQuery(" & ".join(quoted), search_type="raw", config="simple"))
