"""Customers: a service's customers, the latest contact first, found by name, e-mail address or member id."""

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from agents.models import Agent
from chat.abuse.blocks import blocks_now
from chat.access import customers_seen_by
from contiple.base.paging import Page, Position, page_among, page_of
from helpcenter.models import CUSTOMER_WORDS, Customer

FEW = 1_000  # matches of a text that are fetched by their ids
WORDS_MAX = 8  # in one search: the index is read once for each
BY = "last_contact_at"


def page_for(
    agent: Agent, text: str = "", *, before: Position | None = None, after: Position | None = None
) -> Page[Customer]:
    """A page of the agent's service's customers, with ``is_blocked``. Merged ones are found, but not listed.

    A text finds beginnings of words in names and addresses, the beginning of an address, and a member id, by their
    indexes. If they find none, or more than ``FEW``, a part of the list is looked at for the text inside of names and
    addresses (``paging.page_among``).
    """
    own = Q(customer=OuterRef("pk")) | Q(customer__merged_into=OuterRef("pk")) | Q(customer=OuterRef("merged_into"))
    everybody = customers_seen_by(agent).annotate(is_blocked=Exists(blocks_now().filter(own)))
    if not text:
        return page_of(everybody.filter(merged_into=None), by=BY, before=before, after=after)
    ids = _few_ids(agent, text)
    if ids:
        return page_of(everybody.filter(pk__in=ids), by=BY, before=before, after=after)
    inside = Q(name__icontains=text) | Q(email__icontains=text)
    return page_among(everybody.filter(inside), everybody, by=BY, before=before, after=after)


def _few_ids(agent: Agent, text: str) -> set[int]:
    found: set[int] = set()
    for rows in _ways(customers_seen_by(agent).select_related(None), text):
        found |= set(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
        if len(found) > FEW:
            return set()
    return found


def _ways(everybody: QuerySet[Customer], text: str) -> list[QuerySet[Customer]]:
    """Each has an index. Words are quoted, or signs in them would be operators of ``to_tsquery``."""
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in text.split()[:WORDS_MAX])
    query = SearchQuery(" & ".join(quoted), search_type="raw", config="simple")
    return [
        everybody.alias(words=CUSTOMER_WORDS).filter(words=query),
        everybody.alias(lower=Lower("email")).filter(lower__startswith=text.lower()),
        everybody.filter(member=text),
    ]
