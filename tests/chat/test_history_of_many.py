"""What a page of Chat History costs doesn't grow with the chats that it doesn't show."""

import pytest
from django.db import connection

from chat.conversation import history
from chat.conversation.history import Filters
from chat.filing.tagging import add_tag
from chat.models import Chat, Message
from chat.tag import ChatTag
from contiple.base import paging
from tests.bench import world
from tests.buffers import buffers
from tests.chat.categories import make_category
from tests.make import make_chat

MANY, LOOKED_AT = 20_000, 200

pytestmark = pytest.mark.django_db


def page_for(agent, filters: Filters, **position) -> paging.Page[Chat]:
    return history.page_of(history.find(agent, filters), **position)


@pytest.fixture(autouse=True)
def new_tables(db):
    """What earlier tests have rolled back still fills pages of the tables, which a scan would read."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE chat_chat CASCADE")


@pytest.fixture(autouse=True)
def look_at_few(monkeypatch):
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", LOOKED_AT)


def test_an_agent_with_few_chats_and_a_rare_result_cost_little_among_many(service, agent, colleague) -> None:
    world.add_closed_chats(service, agent, MANY)
    make_chat(service, agent=colleague, state=Chat.State.CLOSED)
    world.analyze()

    assert buffers(lambda: page_for(agent, Filters(agent=colleague.pk))) < 100
    assert buffers(lambda: page_for(agent, Filters(outcome="processed"))) < 10 * LOOKED_AT


@pytest.mark.parametrize(
    "filters",
    [
        {"outcome": "unprocessed", "score": "1"},
        {"score": "5", "ended": "blocked"},
        {"ended": "open"},
        {"language": "ko"},
        {"category": "none", "language": "ko"},
        {"agent": 0, "outcome": "processed"},
    ],
)
def test_no_filter_costs_more_among_more_chats_and_messages(service, agent, filters) -> None:
    if "agent" in filters:
        filters = filters | {"agent": agent.pk}
    costs = []
    for number in (1_000, 9_000):
        world.add_closed_chats(service, agent, number)
        world.add_messages(list(Chat.objects.filter(last_rev=0).values_list("pk", flat=True)), 5)
        Message.objects.filter(author="agent").update(author="customer")
        world.analyze()
        found = history.find(agent, Filters(**filters))
        costs.append(buffers(lambda found=found: (history.page_of(found), history.count(found))))
    assert costs[1] < 2 * costs[0] + 100, costs


def test_a_category_is_found_however_long_ago(service, agent) -> None:
    long_ago = make_chat(service, agent=agent, state=Chat.State.CLOSED, category=make_category(service, "A › B"))
    world.add_closed_chats(service, agent, 3_000)
    Chat.objects.filter(pk=long_ago.pk).update(created_at="2020-01-01T00:00Z")
    world.analyze()
    filters = Filters(category=str(long_ago.category.parent_id))
    assert page_for(agent, filters).rows == [long_ago]
    assert buffers(lambda: page_for(agent, filters)) < 100


def test_a_tag_is_found_however_long_ago(service, agent) -> None:
    long_ago = make_chat(service, agent=agent, state=Chat.State.CLOSED)
    add_tag(agent, long_ago.pk, "rare")
    world.add_closed_chats(service, agent, 3_000)
    Chat.objects.filter(pk=long_ago.pk).update(created_at="2020-01-01T00:00Z")
    world.analyze()
    filters = Filters(tag=ChatTag.objects.get().pk)
    assert page_for(agent, filters).rows == [long_ago]
    assert buffers(lambda: page_for(agent, filters)) < 100


def test_a_tag_that_very_many_chats_have_costs_as_much_among_many(service, agent, monkeypatch) -> None:
    monkeypatch.setattr(history, "FEW_TAGGED", 200)
    tag = ChatTag.objects.create(service=service, name="common")
    costs = []
    for number in (1_500, 9_000):
        world.add_closed_chats(service, agent, number)
        tag.chats.set(Chat.objects.all())
        world.analyze()
        costs.append(buffers(lambda: page_for(agent, Filters(tag=tag.pk))))
    assert len(page_for(agent, Filters(tag=tag.pk)).rows) == paging.PAGE_SIZE
    assert costs[1] < 2 * costs[0], costs


def test_a_customer_is_found_however_long_ago(service, agent, customer) -> None:
    long_ago = make_chat(service, agent=agent, customer=customer, state=Chat.State.CLOSED)
    world.add_closed_chats(service, agent, 2 * LOOKED_AT)
    Chat.objects.filter(pk=long_ago.pk).update(created_at="2020-01-01T00:00Z")

    page = page_for(agent, Filters(text=customer.name))

    assert page == paging.Page([long_ago])


def test_a_name_that_very_many_customers_have_costs_as_much_among_many(service, agent) -> None:
    costs = []
    for number in (1_500, 9_000):
        world.add_closed_chats(service, agent, number)
        give_each_a_customer_of_its_own()
        costs.append(buffers(lambda: page_for(agent, Filters(text="juniper"))))

    assert len(page_for(agent, Filters(text="juniper")).rows) == paging.PAGE_SIZE
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

    page = page_for(agent, Filters(text="custom", outcome="processed"))

    assert page.rows == []
    assert page.looked_to is not None
    assert page_for(agent, Filters(text="custom")).rows
