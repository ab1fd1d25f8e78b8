"""The ticket list: filters, and one page of what fits, newest update first."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Func, Prefetch, QuerySet
from django.utils import timezone

from agents.models import Agent
from contiple.base import paging
from tickets.listing.searching import fitting, ids_of, ways_of
from tickets.models import DONE, Ticket
from tickets.triage.groups import groups_with

TAGGED_MAX = 20_000  # tickets of a tag that one page is chosen from
ME, NOBODY = "me", "nobody"  # the values of ``Filters.assignee`` that are no id
MINE = "mine"  # the value of ``Filters.group`` that is no id
OVERDUE, SOONEST = "overdue", "soonest"  # the values of ``Filters.due``
BY_UPDATE, BY_DUE = "updated_at", "+due_at"  # as `paging` writes an order


class _IsAnyOf(Func):
    """Says whether a key is in an array. Joined to its rows, the database may walk down the whole list for them."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()


@dataclass(frozen=True)
class Filters:
    """Filters of the list; an empty value fits every ticket.

    ``assignee`` is ``me``, ``nobody`` or an agent's id, ``group`` is ``mine`` or a group's id. With ``due`` the list
    has only tickets that are due or will be, the first one first.
    """

    state: str = ""
    assignee: str = ""
    group: str = ""
    priority: str = ""
    due: str = ""
    tag: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Found:
    """The ``tickets`` that fit. They are among those of ``among``, which an index has in the list's order."""

    tickets: QuerySet[Ticket]
    among: QuerySet[Ticket]
    by: str = BY_UPDATE

    def narrowed(self, tickets: QuerySet[Ticket], *, by_index: bool = False) -> "Found":
        """These ``tickets`` of the found ones, which an index leads to, or which are looked at down the list."""
        return replace(self, tickets=tickets, among=tickets if by_index else self.among)


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
    merged = Prefetch("merged_into", Ticket.objects.only("number"))
    assignees = Prefetch("assignee", Agent.objects.select_related("user"))
    tags = Prefetch("tags", to_attr="shown_tags")  # a list: a manager for each row costs more than its rows
    shown = ("requester", assignees, "group", tags, merged)
    rows = found.tickets.defer("search", "body").prefetch_related(*shown)
    if found.tickets is found.among:
        return paging.page_of(rows, by=found.by, before=before, after=after)
    return paging.page_among(rows, found.among, by=found.by, before=before, after=after)


def count(found: Found) -> str:
    """The number of tickets as shown to people, as ``paging.count_among`` has it."""
    return paging.count_among(found.tickets, found.among, by=found.by)


def count_all(tickets: QuerySet[Ticket]) -> str:
    """As ``count``, for tickets that an index has."""
    return count(Found(tickets, tickets))


def _chosen(tickets: QuerySet[Ticket], agent: Agent, filters: Filters) -> Found:
    """The first of the choices leads down the list by its index; those that fit the others are looked at."""
    fitting = _due(tickets, filters.due)
    among = fitting if filters.due else None
    for name in ("assignee", "group", "state", "priority"):
        chosen = getattr(filters, name)
        if chosen and chosen != MINE:
            fitting = _choices[name](fitting, agent, chosen)
            among = fitting if among is None else among
    among = tickets if among is None else among
    if filters.group == MINE:
        fitting = of_groups(fitting, agent, MINE)
    return Found(fitting, among, BY_DUE if filters.due else BY_UPDATE)


def _due(tickets: QuerySet[Ticket], due: str) -> QuerySet[Ticket]:
    if not due:
        return tickets
    return overdue(tickets) if due == OVERDUE else tickets.filter(due_at__isnull=False).exclude(state__in=DONE)


def overdue(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return tickets.filter(due_at__lt=timezone.now()).exclude(state__in=DONE)


def of_groups(tickets: QuerySet[Ticket], agent: Agent, group: str) -> QuerySet[Ticket]:
    """Those of a group by its id, or of the groups that ``agent`` is in."""
    if group != MINE:
        return tickets.filter(group=int(group))
    return tickets.filter(group__in=list(groups_with(agent).values_list("pk", flat=True)))


def _of_assignee(tickets: QuerySet[Ticket], agent: Agent, assignee: str) -> QuerySet[Ticket]:
    if assignee == NOBODY:
        return tickets.filter(state=Ticket.State.UNASSIGNED)
    if assignee:
        return tickets.filter(assignee=agent.pk if assignee == ME else int(assignee))
    return tickets


_choices: dict[str, Callable[[QuerySet[Ticket], Agent, str], QuerySet[Ticket]]] = {
    "assignee": _of_assignee,
    "group": of_groups,
    "state": lambda tickets, _agent, state: tickets.filter(state=state),
    "priority": lambda tickets, _agent, priority: tickets.filter(priority=priority),
}


def _worded(found: Found, agent: Agent, text: str) -> Found:
    """Those with the text, by their ids if indexes find few. The tickets of many are looked at down the list."""
    few = ids_of(agent.service, text)
    if few is None:
        return found.narrowed(found.tickets.filter(fitting(ways_of(agent.service, text))))
    return found.narrowed(found.tickets.filter(pk__in=few), by_index=True)


def _tagged(found: Found, tag: int) -> Found:
    """Those with the tag. Up to ``TAGGED_MAX`` are looked at from the tag's side, however few have the state too."""
    tagged = Ticket.tags.through.objects.filter(tag=tag).order_by().values("ticket")
    if tagged[: TAGGED_MAX + 1].count() > TAGGED_MAX:
        return found.narrowed(found.tickets.filter(tags=tag))
    return found.narrowed(found.tickets.filter(_IsAnyOf("pk", ArraySubquery(tagged))), by_index=True)
