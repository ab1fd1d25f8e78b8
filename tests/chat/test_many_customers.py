"""What a page of Customers costs doesn't grow with the customers that it doesn't show."""

import importlib

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from agents.models import Service
from chat.people import listing
from contiple.base import paging
from helpcenter.models import Customer
from tests.buffers import buffers
from tests.make import make_chat, make_customer, make_ticket

MANY, LOOKED_AT = 20_000, 200

pytestmark = pytest.mark.django_db


def add_customers(service: Service, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO helpcenter_customer (service_id, name, email, language, created_at, last_contact_at)"
            " SELECT %s, 'Juniper ' || n, 'juniper.' || n || '@example.com', 'en', now(), now() - n * interval '1 min'"
            " FROM generate_series(1, %s) AS n",
            [service.pk, number],
        )
        cursor.execute("ANALYZE helpcenter_customer")


@pytest.fixture
def many(service, monkeypatch) -> None:
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", LOOKED_AT)
    add_customers(service, MANY)


def test_a_page_of_very_many_costs_little(many, agent) -> None:
    assert len(listing.page_for(agent).rows) == paging.PAGE_SIZE
    assert buffers(lambda: listing.page_for(agent)) < 500
    last = listing.page_for(agent).older
    assert buffers(lambda: listing.page_for(agent, before=last)) < 500


@pytest.mark.parametrize("text", ["juniper 777", "juniper.777@", "hana", "m-1"])
def test_few_are_found_at_once(many, agent, service, text) -> None:
    make_customer(service, "Hana Kim", member="m-1")
    assert listing.page_for(agent, text).rows
    assert buffers(lambda: listing.page_for(agent, text)) < 2_000


@pytest.mark.parametrize("text", ["juniper", "uniper", "nobody at all", "7"])
def test_of_what_very_many_or_none_have_a_part_is_looked_at(many, agent, text) -> None:
    assert buffers(lambda: listing.page_for(agent, text)) < 15 * LOOKED_AT
    page = listing.page_for(agent, text)
    assert page.rows or page.older


def test_customers_of_before_get_their_last_chat_or_follow_up(service, customer) -> None:
    fill = importlib.import_module("tickets.migrations.0031_last_contact_of_customers").fill
    kim, lee = make_customer(service, "Kim"), make_customer(service, "Lee")
    chat = make_chat(service, customer=customer, state="closed")
    ticket = make_ticket(service, requester=kim)
    Customer.objects.update(last_contact_at=timezone.now())
    with connection.schema_editor() as editor:
        fill(apps, editor)
    found = dict(Customer.objects.values_list("pk", "last_contact_at"))
    assert found == {customer.pk: chat.created_at, kim.pk: ticket.created_at, lee.pk: lee.created_at}
