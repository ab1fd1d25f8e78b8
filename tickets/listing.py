"""The ticket list: what is asked for, and one page of it, newest update first."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from agents.models import Agent
from contiple.base import paging
from tickets.models import Ticket

COUNTED_MAX = 999  # past it a person reads “many”, and counting on would read every row
WORDS_MAX = 8  # of one search: each is a look into the index
ME, NOBODY = "me", "nobody"  # assignees that are no number
_NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True)
class Filters:
    """What is looked for; an empty value fits every ticket. ``assignee`` is ``me``, ``nobody`` or an agent's id."""

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
        tickets = tickets.filter(tags=filters.tag)
    return tickets.filter(_containing(filters.text)) if filters.text.strip() else tickets


def page_of(
    tickets: QuerySet[Ticket], *, before: paging.Position | None = None, after: paging.Position | None = None
) -> paging.Page[Ticket]:
    """As ``paging.page_of``, with what a row shows."""
    rows = tickets.defer("search", "body").select_related("requester", "assignee__user").prefetch_related("tags")
    return paging.page_of(rows, by="updated_at", before=before, after=after)


def count(tickets: QuerySet[Ticket]) -> str:
    """How many there are, for a person; ``999+`` past that."""
    found = tickets.order_by()[: COUNTED_MAX + 1].count()
    return str(found) if found <= COUNTED_MAX else f"{COUNTED_MAX}+"


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
