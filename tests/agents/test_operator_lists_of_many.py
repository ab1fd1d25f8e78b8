"""What an operator's list costs doesn't grow with the rows that it doesn't show, and a search finds the oldest."""

from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from agents.models import AuditEntry
from contiple.base import latest_admin
from tests.bench import world
from tests.buffers import buffers
from tests.make import make_user
from tickets.models import Ticket

LATEST, FEW, MANY = 200, 1_000, 20_000
AUDIT, ACCOUNT, TICKETS = "agents_auditentry", "agents_accountentry", "tickets_ticket"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(make_user("Opal", is_staff=True, is_superuser=True))
    return client


@pytest.fixture(autouse=True)
def list_few(monkeypatch):
    monkeypatch.setattr(latest_admin, "LATEST", LATEST)


def add_entries(service, agent, number: int) -> None:
    """Of each trail; the oldest of all is another one."""
    world.add_tickets(service, agent, number)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO agents_auditentry (service_id, agent_id, actor, action, subject, details, created_at)"
            " SELECT %s, %s, 'Mina', 'chat.closed', 'chat:' || n + 1000000 * random(), '{}', now()"
            " FROM generate_series(1, %s) n",
            [service.pk, agent.pk, number],
        )
        cursor.execute(
            "INSERT INTO agents_accountentry (user_id, action, actor, device, created_at)"
            " SELECT %s, 'sign_in', '', '', now() FROM generate_series(1, %s) n",
            [agent.user_id, number],
        )
    world.analyze()


LISTS = [
    (AUDIT, ""), (AUDIT, "?q=chat:7"), (AUDIT, "?q=service.named"), (AUDIT, "?q=theo"), (AUDIT, "?p=2"),
    (ACCOUNT, ""), (ACCOUNT, "?action__exact=sign_out"), (ACCOUNT, "?q=theo"),
    (TICKETS, ""), (TICKETS, "?q=7"), (TICKETS, "?state__exact=pending"),
]  # fmt: skip


def test_each_list_costs_as_much_among_many(service, agent, colleague, operator) -> None:
    costs = []
    for number in (FEW, MANY):
        add_entries(service, agent, number)
        costs.append([buffers(partial(read, operator, page, query)) for page, query in LISTS])

    few, many = costs
    assert [entry for entry in zip(LISTS, few, many, strict=True) if entry[2] > 2 * entry[1] + 50] == []


def read(operator: Client, page: str, query: str) -> None:
    assert operator.get(reverse(f"admin:{page}_changelist") + query).status_code == 200


def test_a_search_finds_the_oldest(service, agent, colleague, operator) -> None:
    entry = AuditEntry.objects.create(service=service, agent=colleague, action="chat.opened", subject="chat:7")
    add_entries(service, agent, 2 * LATEST)
    oldest = Ticket.objects.earliest("pk")

    def found(page: str, query: str) -> list[int]:
        response = operator.get(reverse(f"admin:{page}_changelist"), {"q": query} if query else {})
        return [row.pk for row in response.context["cl"].result_list]

    assert found(AUDIT, "chat:7") == found(AUDIT, "chat.opened") == found(AUDIT, "Theo") == [entry.pk]
    assert found(AUDIT, "theo@nowhere") == found(AUDIT, "chat:") == []
    assert entry.pk not in found(AUDIT, "")
    assert found(TICKETS, str(oldest.number)) == [oldest.pk]
    assert len(found(TICKETS, service.slug)) == 100
