"""What a page of tickets costs doesn't grow with the tickets that it doesn't show."""

import re
from html import unescape

import pytest
from django.db import connection
from django.urls import reverse

from agents.models import Agent, Service
from contiple.base import paging
from tests.bench import world
from tests.buffers import buffers
from tests.make import make_service
from tickets import access
from tickets.listing import listing, searching
from tickets.listing.listing import Filters
from tickets.models import Tag, Ticket

FEW, MANY = 2_000, 40_000

pytestmark = pytest.mark.django_db


def add(service: Service, agent: Agent, number: int) -> None:
    """Adds tickets, and does for their index what autovacuum does in time."""
    world.add_tickets(service, agent, number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('ticket_search')")


def pages(agent: Agent, filters: Filters) -> None:
    found = listing.narrow(access.tickets_for(agent), agent, filters)
    list(listing.page_of(found).rows)
    listing.count(found)


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


def add_requesters(service: Service, agent: Agent, number: int) -> None:
    """Adds tickets, each of a customer of its own called Kim, with words of a chat."""
    first = service.last_ticket_number
    add(service, agent, number)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH people AS (INSERT INTO helpcenter_customer (service_id, name, email, language, created_at)"
            " SELECT service_id, 'Kim n' || number, 'kim' || number || '@example.com', 'en', now() FROM tickets_ticket"
            " WHERE service_id = %s AND number > %s RETURNING id, name)"
            " UPDATE tickets_ticket SET requester_id = people.id FROM people"
            " WHERE service_id = %s AND people.name = 'Kim n' || number",
            [service.pk, first, service.pk],
        )
        cursor.execute(
            "INSERT INTO tickets_chatwords (ticket_id, service_id, words, rev, is_settled)"
            " SELECT id, service_id, to_tsvector('simple', 'hello w' || number), 1, true FROM tickets_ticket"
            " WHERE service_id = %s AND number > %s",
            [service.pk, first],
        )
        for index in ("customer_words", "chatwords_words", "ticket_search"):
            cursor.execute("SELECT gin_clean_pending_list(%s)", [index])
    world.analyze()


def test_a_search_for_requesters_and_chats_costs_as_much_among_many(service, agent, monkeypatch) -> None:
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", 500)
    monkeypatch.setattr(searching, "FEW", 100)
    texts = ["kim", "n1999", "kim1999@example.com", "hello", "hello w1999", "nobody", "kim nobody"]
    texts += ["kim1999@ex", "kim1999@ex order", "w1999 n1999", "hello kim", "order hello kim n1999"]
    costs = []
    for number in (FEW, MANY):
        add_requesters(service, agent, number)
        costs.append([buffers(lambda text=text: pages(agent, Filters(text=text))) for text in texts])

    print(dict(zip(texts, zip(*costs, strict=True), strict=True)))
    assert all(many < max(3 * few, 1_000) for few, many in zip(*costs, strict=True)), costs


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
        return [sorted(listing.narrow(seen, agent, each).tickets.values_list("number", flat=True)) for each in cases]

    by_ids = found()
    monkeypatch.setattr(searching, "FEW", 0)
    monkeypatch.setattr(listing, "TAGGED_MAX", 0)
    assert found() == by_ids
    assert by_ids == [[7], [7], list(range(1, 31)), [7], []]


def test_common_filters_with_a_rare_overlap_cost_as_much_among_many(service, agent, tag, monkeypatch) -> None:
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", 500)
    monkeypatch.setattr(searching, "FEW", 100)
    monkeypatch.setattr(listing, "TAGGED_MAX", 100)
    filters = Filters(tag=tag.pk, state=Ticket.State.UNASSIGNED, text="order")
    through, costs = Ticket.tags.through, []
    for number in (FEW, MANY):
        add(service, agent, number)
        common = Ticket.objects.filter(state=Ticket.State.PROCESSING).exclude(tags=tag)
        through.objects.bulk_create(through(ticket=ticket, tag=tag) for ticket in common.only("pk"))
        world.analyze()
        costs.append(buffers(lambda: pages(agent, filters)))

    assert costs[1] < 3 * costs[0], costs


def test_few_with_tag_and_state_are_all_on_the_first_page_however_far_down(service, agent, tag, monkeypatch) -> None:
    """Both filters fit many tickets, and none of the newest: the page costs as many rows as have the tag."""
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", 500)
    add(service, agent, FEW)
    oldest = Ticket.objects.filter(state=Ticket.State.UNASSIGNED).order_by("updated_at")
    common = Ticket.objects.filter(state=Ticket.State.PROCESSING)[:1_200]
    far_down = [*oldest.values_list("pk", flat=True)[:3]]
    through = Ticket.tags.through
    through.objects.bulk_create(through(ticket_id=pk, tag=tag) for pk in [*far_down, *(each.pk for each in common)])
    filters, costs = Filters(tag=tag.pk, state=Ticket.State.UNASSIGNED), []
    for number in (1, MANY):
        add(service, agent, number)
        costs.append(buffers(lambda: pages(agent, filters)))

    found = listing.narrow(access.tickets_for(agent), agent, filters)
    page = listing.page_of(found)
    assert (sorted(ticket.pk for ticket in page.rows), page.older, page.looked_to) == (sorted(far_down), None, None)
    assert listing.count(found) == "3"
    assert costs[1] < 2 * costs[0] + 100, costs


@pytest.mark.parametrize("filters", [Filters(text="order"), Filters(text="order", state=Ticket.State.PROCESSING)])
def test_a_word_in_every_ticket_costs_about_a_page(service, agent, customer, filters) -> None:
    """The list is walked down until the page is full, and nothing is fetched for rows that are not on it."""
    world.add_tickets(service, agent, MANY, requester=customer)
    found = listing.narrow(access.tickets_for(agent), agent, filters)

    assert buffers(lambda: list(listing.page_of(found).rows)) < paging.LOOKED_AT_MAX / 10


def test_a_part_of_a_long_list_is_searched_at_a_time_and_the_page_says_so(
    service, agent, tag, sign_in, monkeypatch
) -> None:
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", 10)
    monkeypatch.setattr(listing, "TAGGED_MAX", 3)
    world.add_tickets(service, agent, 60)
    with_tag = Ticket.objects.order_by("-updated_at")
    for ticket in [*with_tag.filter(state=Ticket.State.PROCESSING)[:10], *with_tag.filter(state="unassigned")[15:]]:
        ticket.tags.add(tag)
    browser, address = sign_in(agent), reverse("tickets:list", args=[service.slug])
    address += f"?tag={tag.pk}&state=unassigned"
    numbers = []
    while address:
        html = browser.get(address).content.decode()
        numbers += [int(number) for number in re.findall(r"#(\d+)</", html)]
        older = re.search(r'href="([^"]+)" rel="next"', html)
        assert ("Searched back to" in html) == bool(older)
        address = unescape(older[1]) if older else ""

    assert numbers == list(with_tag.filter(state="unassigned", tags=tag).values_list("number", flat=True))
