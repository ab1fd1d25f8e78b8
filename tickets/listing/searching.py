"""Ways by which a text finds tickets: their number, their own words, the requester, what was said in the chat.

Each has an index of its own. One that finds few gives their ids; else the tickets of the list are looked at.
"""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from agents.models import Service
from helpcenter.models import CUSTOMER_WORDS, Customer
from tickets.listing.models import ChatWords
from tickets.models import Ticket

FEW = 1_000  # matches of a text that are fetched by their ids
WORDS_MAX = 8  # in one search: the index is read once for each
_NUMBER_MAX = 2**31 - 1


class Way(NamedTuple):
    """``ids`` returns up to so many ids, ``None`` if they aren't known; ``fits`` is the condition for one ticket."""

    ids: Callable[[int], set[int] | None]
    fits: Any


def few_ids(ways: list[Way]) -> set[int] | None:
    """The ids that are found in one of the ways; ``None`` for more than ``FEW``.

    The database, left to choose, walks down the whole list for what isn't in it.
    """
    found: set[int] = set()
    for way in ways:
        ids = way.ids(FEW + 1)
        if ids is None or len(found | ids) > FEW:
            return None
        found |= ids
    return found


def fitting(ways: list[Way]) -> Any:
    """The condition of being found in one of the ways, looked at for each ticket.

    COALESCE keeps the database from fetching all of the many by their index, to show one page of them.
    """
    return Coalesce(reduce(or_, (Q(way.fits) for way in ways)), Value(value=False), output_field=BooleanField())


def ids_of(service: Service, text: str) -> set[int] | None:
    """The ids of tickets that ``text`` finds; ``None`` for more than ``FEW``. ``ways_of`` says what it finds."""
    found = few_ids(ways_of(service, text))
    return None if found is None else found | _scattered(service, text.split()[:WORDS_MAX])


def ways_of(service: Service, text: str) -> list[Way]:
    """Every word or beginning of a word must be in one place (환불 finds 환불이); ``12`` and ``#12`` match a number."""
    text = text.strip()
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()):
        return _words(service, text)
    number = Q(number=int(digits)) if int(digits) <= _NUMBER_MAX else Q(pk__in=[])
    by_number = _own(service, number)
    return [by_number] if text.startswith("#") else [by_number, *_words(service, text)]


def _words(service: Service, text: str) -> list[Way]:
    """Each word is quoted, or signs in it would be operators of ``to_tsquery``."""
    words = text.split()[:WORDS_MAX]
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in words)
    query = SearchQuery(" & ".join(quoted), search_type="raw", config="simple")
    ways = [_own(service, Q(search=query)), _requester(service, query), _chat(service, query)]
    return [*ways, _address(service, words[0])] if len(words) == 1 else ways


def _scattered(service: Service, words: list[str]) -> set[int]:
    """The ids of tickets with each word in some place, such as one in the subject and the other in the chat.

    They are looked for among the few that have one of the words; if each word alone finds many, none is returned.
    """
    each = [_words(service, word) for word in words] if len(words) > 1 else []
    for ways in each:
        few = few_ids(ways)
        if few is not None:
            others = [fitting(other) for other in each if other is not ways]
            return _ids(Ticket.objects.filter(*others, pk__in=few), "pk", FEW)
    return set()


def _own(service: Service, condition: Q) -> Way:
    rows = Ticket.objects.filter(condition, service=service)
    return Way(lambda most: _ids(rows, "pk", most), condition)


def _requester(service: Service, query: SearchQuery) -> Way:
    return _person(service, Customer.objects.alias(words=CUSTOMER_WORDS), Q(words=query))


def _address(service: Service, beginning: str) -> Way:
    """By the beginning of the requester's address. Its words are those of any text: “kim_1” is none of them."""
    return _person(service, Customer.objects.alias(lower=Lower("email")), Q(lower__startswith=beginning.lower()))


def _person(service: Service, everybody: QuerySet[Customer], condition: Q) -> Way:
    people = everybody.filter(condition, service=service)

    def ids(most: int) -> set[int] | None:
        found = _ids(people, "pk", most)
        return None if len(found) > FEW else _ids(Ticket.objects.filter(requester__in=found), "pk", most)

    return Way(ids, _is_so(everybody.filter(pk=OuterRef("requester")), condition))


def _chat(service: Service, query: SearchQuery) -> Way:
    rows = ChatWords.objects.filter(service=service, words=query)
    return Way(lambda most: _ids(rows, "pk", most), _is_so(ChatWords.objects.filter(pk=OuterRef("pk")), Q(words=query)))


def _is_so(one: QuerySet[Any], condition: Q) -> Coalesce:
    """Looked up for each ticket, and never for all of a word's rows at once, as of an EXISTS."""
    fits = one.annotate(fits=ExpressionWrapper(condition, BooleanField())).values("fits")
    return Coalesce(Subquery(fits), Value(value=False), output_field=BooleanField())


def _ids(rows: QuerySet[Any], name: str, most: int) -> set[int]:
    return set(rows.order_by().values_list(name, flat=True)[:most])
