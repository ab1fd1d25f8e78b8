import pytest

from agents.models import AuditEntry
from contiple.base.errors import Closed, Invalid
from tests.chat.secrets import columns_with
from tests.make import make_agent, make_chat, make_service, make_ticket
from tickets.lifecycle import create_from_chat
from tickets.models import Tag
from tickets.tags import add_tag, remove_tag


@pytest.fixture
def ticket(service):
    return make_ticket(service)


def names(ticket):
    return sorted(ticket.tags.values_list("name", flat=True))


def test_a_tag_is_put_on_and_taken_off_and_both_are_on_record(agent, ticket, actions):
    add_tag(agent, ticket, "  #billing ")
    assert names(ticket) == ["billing"]
    remove_tag(agent, ticket, ticket.tags.get().pk)
    assert names(ticket) == []
    assert actions(ticket) == ["ticket.tag_added", "ticket.tag_removed"]


def test_a_number_is_masked_in_the_tag_and_in_what_happened(agent, ticket):
    add_tag(agent, ticket, "card 4111  1111 1111 1111")
    assert names(ticket) == [f"card {'*' * 19}"]
    assert AuditEntry.objects.get(action="ticket.tag_added").details["tag"] == ticket.tags.get().pk


def test_case_makes_no_second_tag(service, agent, ticket):
    add_tag(agent, ticket, "Billing")
    add_tag(agent, ticket, "bILLING")
    add_tag(agent, make_ticket(service), "BILLING")
    assert Tag.objects.get().name == "Billing"


def test_a_tag_that_is_on_stays_on_without_another_entry(agent, ticket, actions):
    add_tag(agent, ticket, "billing")
    add_tag(agent, ticket, "billing")
    assert actions(ticket) == ["ticket.tag_added"]


@pytest.mark.parametrize(
    "name",
    [
        "Chat",
        "chat",
        " CHAT ",
        "#Chat",
        "C hat",
        "Ｃｈａｔ",
        "Cha\u200bt",
        "Сhat",
        "Chаt",
        "Chát",
        "Chat!",
        "채팅",
        "C-h-a-t",
        "ⓒhat",
    ],
)
def test_nobody_writes_what_reads_like_the_systems_tag(agent, ticket, name):
    with pytest.raises(Closed):
        add_tag(agent, ticket, name)
    assert names(ticket) == []
    assert not Tag.objects.exists()


@pytest.mark.parametrize("name", ["Chats", "Chat app", "채팅방", "chatter", "🔥", "환불"])
def test_other_words_are_free(agent, ticket, name):
    add_tag(agent, ticket, name)
    assert names(ticket) == [name]


@pytest.mark.parametrize("name", ["", "   ", "#", "\u200b", "a\0b", "\ud800", "x" * 41])
def test_what_is_no_tag_is_refused(agent, ticket, name):
    with pytest.raises(Invalid):
        add_tag(agent, ticket, name)


def test_the_systems_tag_stays(service, agent, admin):
    ticket = create_from_chat(agent, make_chat(service, agent=agent))
    for person in (agent, admin):
        with pytest.raises(Closed):
            remove_tag(person, ticket, ticket.tags.get().pk)
    assert names(ticket) == ["Chat"]


def test_a_ticket_has_at_most_twenty_tags(agent, ticket):
    for number in range(20):
        add_tag(agent, ticket, f"tag {number}")
    with pytest.raises(Invalid):
        add_tag(agent, ticket, "one more")


def test_another_services_tag_is_not_touched(agent, outsider, ticket):
    theirs = make_ticket(outsider.service)
    add_tag(outsider, theirs, "billing")
    remove_tag(agent, ticket, theirs.tags.get().pk)
    assert names(theirs) == ["billing"]


@pytest.mark.django_db(transaction=True)
def test_many_who_write_a_new_tag_at_once_make_one(at_once):
    service = make_service("demo")
    agents = [make_agent(service) for _ in range(8)]
    tickets = [make_ticket(service) for _ in agents]
    results = at_once(lambda index: add_tag(agents[index], tickets[index], ["refund", "Refund"][index % 2]))
    assert {str(result) for result in results} <= {"refund", "Refund"}
    assert Tag.objects.count() == 1
    assert all(ticket.tags.count() == 1 for ticket in tickets)


def test_a_tag_says_nothing_that_is_masked(agent, ticket):
    add_tag(agent, ticket, "card 4111 1111 1111 1111")
    assert ticket.tags.get().name == "card *******************"
    assert columns_with("4111") == []
