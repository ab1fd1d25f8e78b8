"""What a page of Chat History costs doesn't grow with the chats that it doesn't show."""

import pytest
from django.db import connection

from chat.conversation import history
from chat.conversation.history import Filters
from chat.models import Chat
from contiple.base import paging
from tests.bench import world
from tests.buffers import buffers
from tests.make import make_chat

MANY, LOOKED_AT = 20_000, 200

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def look_at_few(monkeypatch):
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", LOOKED_AT)


def test_an_agent_with_few_chats_and_a_rare_result_cost_little_among_many(service, agent, colleague) -> None:
    world.add_closed_chats(service, agent, MANY)
    make_chat(service, agent=colleague, state=Chat.State.CLOSED)
    world.analyze()

    assert buffers(lambda: history.page_for(agent, Filters(agent=colleague.pk))) < 100
    assert buffers(lambda: history.page_for(agent, Filters(outcome="processed"))) < 10 * LOOKED_AT


def test_a_customer_is_found_however_long_ago(service, agent, customer) -> None:
    long_ago = make_chat(service, agent=agent, customer=customer, state=Chat.State.CLOSED)
    world.add_closed_chats(service, agent, 2 * LOOKED_AT)
    Chat.objects.filter(pk=long_ago.pk).update(created_at="2020-01-01T00:00Z")

    page = history.page_for(agent, Filters(text=customer.name))

    assert page == paging.Page([long_ago])


def test_a_name_that_very_many_customers_have_costs_as_much_among_many(service, agent) -> None:
    costs = []
    for number in (1_500, 9_000):
        world.add_closed_chats(service, agent, number)
        give_each_a_customer_of_its_own()
        costs.append(buffers(lambda: history.page_for(agent, Filters(text="juniper"))))

    assert len(history.page_for(agent, Filters(text="juniper")).rows) == paging.PAGE_SIZE
    assert costs[1] < 2 * costs[0], costs


def give_each_a_customer_of_its_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH person AS (INSERT INTO helpcenter_customer"
            " (service_id, name, email, language, token_hash, created_at)"
            " SELECT service_id, 'Juniper', '', 'en', gen_random_uuid()::text, now() FROM chat_chat RETURNING id),"
            " one AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM person),"
            " chat AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM chat_chat)"
            " UPDATE chat_chat SET customer_id = one.id FROM chat JOIN one USING (n) WHERE chat_chat.id = chat.id"
        )
    world.analyze()


def test_of_very_many_customers_a_part_is_looked_at(service, agent, monkeypatch) -> None:
    monkeypatch.setattr(history, "FEW", 0)
    world.add_closed_chats(service, agent, LOOKED_AT + 1)

    page = history.page_for(agent, Filters(text="custom", outcome="processed"))

    assert page.rows == []
    assert page.looked_to is not None
    assert history.page_for(agent, Filters(text="custom")).rows
