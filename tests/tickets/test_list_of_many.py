"""What a page of tickets costs doesn't grow with the tickets that it doesn't show."""

import pytest
from django.db import connection

from agents.models import Agent, Service
from tests.bench import world
from tests.buffers import buffers
from tests.make import make_service
from tickets import access, listing
from tickets.listing import Filters
from tickets.models import Tag, Ticket

FEW, MANY = 2_000, 40_000

pytestmark = pytest.mark.django_db


def add(service: Service, agent: Agent, number: int) -> None:
    """Adds tickets, and does for their index what autovacuum does in time."""
    world.add_tickets(service, agent, number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('ticket_search')")


def pages(agent: Agent, filters: Filters) -> None:
    tickets = listing.narrow(access.tickets_for(agent), agent, filters)
    list(listing.page_of(tickets).rows)
    listing.count(tickets)


@pytest.fixture
def tag(service) -> Tag:
    return Tag.objects.create(service=service, name="Rare")


@pytest.mark.parametrize(
    "filters",
    [Filters(text="nowhere"), Filters(text="#1999"), Filters(text="1999"), Filters(text="order 1999"),
     Filters(text="order"), Filters(text="zebra giraffe", state=Ticket.State.PROCESSING)],
)  # fmt: skip
def test_a_search_costs_as_much_among_many(service, agent, filters) -> None:
    add(service, agent, FEW)
    among_few = buffers(lambda: pages(agent, filters))
    add(service, agent, MANY)
    among_many = buffers(lambda: pages(agent, filters))

    assert among_many < max(3 * among_few, 1_000), (among_few, among_many)


def test_a_rare_tag_with_a_common_state_costs_as_much_among_many(service, agent, tag) -> None:
    add(service, agent, FEW)
    for ticket in Ticket.objects.filter(state=Ticket.State.UNASSIGNED)[:5]:
        ticket.tags.add(tag)
    filters = Filters(tag=tag.pk, state=Ticket.State.PROCESSING)
    among_few = buffers(lambda: pages(agent, filters))
    add(service, agent, MANY)
    among_many = buffers(lambda: pages(agent, filters))

    assert among_many < max(3 * among_few, 1_000), (among_few, among_many)


def test_what_is_found_is_the_same_however_many(service, agent, tag, monkeypatch) -> None:
    other = make_service("other")
    world.add_tickets(service, agent, 30)
    world.add_tickets(other, agent, 30)
    Ticket.objects.filter(service=service, number=7).get().tags.add(tag)
    cases = [Filters(text="7"), Filters(text="#7"), Filters(text="order"), Filters(tag=tag.pk), Filters(text="none")]

    def found() -> list[list[int]]:
        seen = access.tickets_for(agent)
        return [sorted(listing.narrow(seen, agent, each).values_list("number", flat=True)) for each in cases]

    by_ids = found()
    monkeypatch.setattr(listing, "FEW", 0)
    assert found() == by_ids
    assert by_ids == [[7], [7], list(range(1, 31)), [7], []]
