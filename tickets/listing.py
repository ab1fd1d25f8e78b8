"""The ticket list: filters, and one page of what fits, newest update first."""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, Func, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from agents.models import Agent
from contiple.base import paging
from tickets.models import Ticket

COUNTED_MAX = 999  # a person reads more as “many”, and counting on would read every row
FEW = 1_000  # matches of a text that are fetched by their ids
TAGGED_MAX = 20_000  # tickets of a tag that one page is chosen from
WORDS_MAX = 8  # in one search: the index is read once for each
ME, NOBODY = "me", "nobody"  # the values of ``Filters.assignee`` that are no id
_NUMBER_MAX = 2**31 - 1


class _IsAnyOf(Func):
    """Says whether a key is in an array. Joined to its rows, the database may walk down the whole list for them."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()


@dataclass(frozen=True)
class Filters:
    """Filters of the list; an empty value fits every ticket. ``assignee`` is ``me``, ``nobody`` or an agent's id."""

    state: str = ""
    assignee: str = ""
    priority: str = ""
    tag: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Found:
    """The ``tickets`` that fit. They are among those of ``among``, which an index has in the list's order."""

    tickets: QuerySet[Ticket]
    among: QuerySet[Ticket]


def narrow(tickets: QuerySet[Ticket], agent: Agent, filters: Filters) -> Found:
    """The tickets that fit every filter; ``agent`` is who looks for them."""
    found = _chosen(tickets, agent, filters)
    if filters.text.strip():
        found = _worded(found, agent, filters.text)
    return _tagged(found, filters.tag) if filters.tag else found


def page_of(
    found: Found, *, before: paging.Position | None = None, after: paging.Position | None = None
) -> paging.Page[Ticket]:
    """A page of what was found, as ``paging.page_among`` returns it, with what a row shows."""
    # Prefetched, since joined the database may look them up for every ticket that it sorts.
    rows = found.tickets.defer("search", "body").prefetch_related("requester", "assignee__user", "tags")
    if found.tickets is found.among:
        return paging.page_of(rows, by="updated_at", before=before, after=after)
    return paging.page_among(rows, found.among, by="updated_at", before=before, after=after)


def count(found: Found) -> str:
    """The number of tickets as shown to people; ``999+`` for more, ``3+`` if a page doesn't look at all of them."""
    looked_at = Q() if found.tickets is found.among else paging.looked_at(found.among, by="updated_at")
    number = found.tickets.filter(looked_at).order_by()[: COUNTED_MAX + 1].count()
    return f"{min(number, COUNTED_MAX)}+" if number > COUNTED_MAX or looked_at else str(number)


def count_all(tickets: QuerySet[Ticket]) -> str:
    """As ``count``, for tickets that an index has."""
    return count(Found(tickets, tickets))


def _chosen(tickets: QuerySet[Ticket], agent: Agent, filters: Filters) -> Found:
    """Those that fit what has an index each: the first of these leads down the list, the others are looked at."""
    among = tickets
    for value, name in [(filters.assignee, "assignee"), (filters.state, "state"), (filters.priority, "priority")]:
        if value:
            fitting = _of_assignee(tickets, agent, value) if name == "assignee" else tickets.filter(**{name: value})
            among, tickets = (fitting if among is tickets else among), fitting
    return Found(tickets, among)


def _of_assignee(tickets: QuerySet[Ticket], agent: Agent, assignee: str) -> QuerySet[Ticket]:
    if assignee == NOBODY:
        return tickets.filter(state=Ticket.State.UNASSIGNED)
    if assignee:
        return tickets.filter(assignee=agent.pk if assignee == ME else int(assignee))
    return tickets


def _worded(found: Found, agent: Agent, text: str) -> Found:
    """Those with the text, by their ids if an index finds few. The tickets of many are looked at down the list."""
    ids = Ticket.objects.filter(service=agent.service).order_by().values_list("pk", flat=True)
    conditions = _containing(text)
    few = _few([ids.filter(condition) for condition in conditions])
    if few is None:
        # COALESCE keeps the database from fetching all of the many by their index, to show one page of them.
        tickets = found.tickets.filter(
            Coalesce(reduce(or_, conditions), Value(value=False), output_field=BooleanField())
        )
        return Found(tickets, found.among)
    tickets = found.tickets.filter(pk__in=few)
    return Found(tickets, tickets)


def _tagged(found: Found, tag: int) -> Found:
    """Those with the tag. Up to ``TAGGED_MAX`` are looked at from the tag's side, however few have the state too."""
    tagged = Ticket.tags.through.objects.filter(tag=tag).order_by().values("ticket")
    if tagged[: TAGGED_MAX + 1].count() > TAGGED_MAX:
        return Found(found.tickets.filter(tags=tag), found.among)
    tickets = found.tickets.filter(_IsAnyOf("pk", ArraySubquery(tagged)))
    return Found(tickets, tickets)


def _few(ways: list[QuerySet[Any, int]]) -> set[int] | None:
    """The ids that are found in one of the ways; ``None`` for more than ``FEW``.

    The database, left to choose, walks down the whole list for what isn't in it.
    """
    ids = {pk for found in ways for pk in found[: FEW + 1]}
    return ids if len(ids) <= FEW else None


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
