"""The list is found by the requester and by what was said in the chat, as far as masks permit."""

from importlib import import_module

import pytest
from django.db import connection

from chat.conversation.message_masks import mask_selection
from chat.masking.selections import Selection
from tests.faults.people import wait_until
from tests.make import make_chat, make_customer, make_message, make_service, make_ticket
from tests.tickets.test_ticket_list import found
from tickets.listing import chat_words, searching
from tickets.listing.chat_words import write_down
from tickets.listing.models import ChatWords
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(service, agent, customer):
    chat = make_chat(service, customer=customer, agent=agent)
    make_message(chat, "My parcel number is zebra")
    return chat


@pytest.fixture
def ticket(service, chat) -> Ticket:
    return make_ticket(service, "Delivery", chat=chat)


# The requester


def test_a_requester_is_found_by_name_and_address_also_by_their_beginning(service, agent) -> None:
    make_ticket(service, "one", requester=make_customer(service, "김하나", email="hana.kim@example.com"))
    make_ticket(service, "two", requester=make_customer(service, "Jun Park", email="jun@example.com"))
    make_ticket(service, "three")
    assert found(agent, text="김하나") == {"one"}
    assert found(agent, text="김하") == {"one"}
    assert found(agent, text="hana.kim@example.com") == {"one"}
    assert found(agent, text="HANA.KIM") == {"one"}
    assert found(agent, text="park jun") == {"two"}
    assert found(agent, text="park hana") == set()


@pytest.mark.parametrize(
    "text", ["kim_1", "KIM_1@ma", "kim_1@mail.example.co", "kim_1@mail.example.co.kr", "nari kim_1@m"]
)
def test_a_requester_is_found_by_the_beginning_of_any_address(service, agent, text) -> None:
    make_ticket(service, "one", requester=make_customer(service, "Nari", email="Kim_1@mail.example.co.kr"))
    make_ticket(service, "two", requester=make_customer(service, "Nari", email="kimx1@mail.example.co.kr"))
    assert found(agent, text=text) == {"one"}


def test_no_sign_in_a_text_stands_for_others(service, agent) -> None:
    make_ticket(service, "one", requester=make_customer(service, "Nari", email="kimx1@example.com"))
    assert [found(agent, text=text) for text in ("kim_1", "k%1", "%", "_")] == [set()] * 4


def test_it_adds_to_other_filters(service, agent, customer) -> None:
    make_ticket(service, "open", requester=customer)
    make_ticket(service, "mine", requester=customer, state="pending", assignee=agent)
    assert found(agent, text="jun", assignee="me") == {"mine"}


def test_nobody_finds_customers_of_another_service(service, agent, outsider) -> None:
    theirs = make_customer(outsider.service, "Secret Person")
    make_ticket(outsider.service, "theirs", requester=theirs)
    assert found(agent, text="Secret") == set()
    assert found(outsider, text="Secret") == {"theirs"}


def test_what_is_found_is_the_same_however_many(service, agent, ticket, monkeypatch) -> None:
    make_ticket(service, "one", requester=make_customer(service, "Hana"))
    make_ticket(service, "two", requester=make_customer(service, "Hana"))
    write_down()

    def all_found() -> list[set[str]]:
        return [found(agent, text=text) for text in ("hana", "zebra", "delivery", "nothing", "jun@e")]

    by_ids = all_found()
    assert by_ids == [{"one", "two"}, {"Delivery"}, {"Delivery"}, set(), {"one", "two"}]
    monkeypatch.setattr(searching, "FEW", 0)
    assert all_found() == by_ids


# Words in several places


def test_words_may_be_in_several_places(service, agent, ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(requester=make_customer(service, "Hana", email="hana_1@example.com"))
    write_down()
    make_ticket(service, "Delivery of another one", requester=make_customer(service, "Nari"))
    assert found(agent, text="delivery zebra") == {"Delivery"}
    assert found(agent, text="hana zeb deli") == {"Delivery"}
    assert found(agent, text="hana_1@ parcel") == {"Delivery"}
    assert found(agent, text="nari zebra") == set()


def test_one_word_that_finds_few_is_enough_for_that(service, agent, ticket, monkeypatch) -> None:
    write_down()
    for _ in range(3):
        make_ticket(service, "Delivery")
    make_ticket(service, "zebra")
    monkeypatch.setattr(searching, "FEW", 2)
    assert searching.ids_of(service, "delivery zebra") == {ticket.pk}
    assert searching.ids_of(service, "zebra delivery") == {ticket.pk}


# The chat


def test_words_of_the_chat_find_the_ticket_also_those_that_come_later(agent, chat, ticket) -> None:
    assert found(agent, text="zebra") == set()
    write_down()
    assert found(agent, text="zebra") == {"Delivery"}
    make_message(chat, "The courier was a giraffe", author="agent", agent=agent)
    write_down()
    assert found(agent, text="giraffe zebra") == {"Delivery"}
    assert write_down() == 0


def test_an_ended_chat_is_written_down_once_more_and_left_alone(agent, chat, ticket) -> None:
    write_down()
    make_message(chat, "Good bye")
    type(chat).objects.filter(pk=chat.pk).update(state="closed", closed_at=chat.created_at, closed_by="agent")
    assert write_down() == 1
    assert found(agent, text="bye") == {"Delivery"}
    assert ChatWords.objects.get().is_settled
    assert write_down() == 0


def test_what_is_masked_is_not_found_from_that_moment_and_the_rest_is_again(agent, chat, ticket) -> None:
    write_down()
    message = chat.messages.get()
    mask_selection(agent, chat.pk, [Selection(message.seq, message.rev, 20, 25)])
    assert found(agent, text="zebra") == set()
    assert "zebra" not in str(ChatWords.objects.values_list("words", flat=True).get())
    write_down()
    assert found(agent, text="zebra") == set()
    assert found(agent, text="parcel") == {"Delivery"}


def test_notes_that_agents_leave_each_other_are_no_words_of_the_chat(agent, chat, ticket) -> None:
    make_message(chat, "Careful, a rhinoceros", author="agent", agent=agent, internal=True)
    write_down()
    assert found(agent, text="rhinoceros") == set()


def test_nobody_finds_chats_of_another_service(service, agent, outsider) -> None:
    theirs = make_chat(outsider.service)
    make_message(theirs, "zebra")
    make_ticket(outsider.service, "theirs", chat=theirs)
    write_down()
    assert found(agent, text="zebra") == set()
    assert found(outsider, text="zebra") == {"theirs"}


def test_what_other_services_have_much_of_is_still_few_here(service, agent, outsider, ticket, monkeypatch) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(requester=make_customer(service, "Hana"))
    for _ in range(3):
        chat = make_chat(outsider.service, customer=make_customer(outsider.service, "Hana"))
        make_message(chat, "zebra")
        make_ticket(outsider.service, chat=chat, requester=chat.customer)
    write_down()
    monkeypatch.setattr(searching, "FEW", 2)
    for text in ("zebra", "hana"):
        assert searching.few_ids(searching.ways_of(service, text)) == {ticket.pk}


def test_a_chat_of_any_length_is_written_down(agent, chat, ticket, monkeypatch) -> None:
    monkeypatch.setattr(chat_words, "TEXT_MAX", 20)
    make_message(chat, "antelope " * 40)
    make_message(chat, "x" * 3_000 + " last words")
    write_down()
    assert found(agent, text="last words") == {"Delivery"}


def test_many_chats_are_written_down_round_by_round(service, agent, monkeypatch) -> None:
    monkeypatch.setattr(chat_words, "ROUND_MAX", 2)
    other = make_service("third")
    for index in range(5):
        chat = make_chat(other)
        make_message(chat, "zebra")
        make_ticket(other, f"T{index}", chat=chat)
    assert [write_down() for _ in range(4)] == [2, 2, 1, 0]


def test_chats_of_before_are_written_down_too(agent, ticket, monkeypatch) -> None:
    monkeypatch.setattr(chat_words, "NEWEST", 0)
    assert write_down() == 0
    migration = import_module("tickets.migrations.0026_chats_to_be_written_down")
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(migration.TO_BE_WRITTEN_DOWN)
    assert write_down() == 1
    assert found(agent, text="zebra") == {"Delivery"}


@pytest.mark.django_db(transaction=True)
def test_the_worker_writes_them_down_by_itself(monkeypatch) -> None:
    monkeypatch.setattr(chat_words, "EVERY_S", 0.05)
    service = make_service("demo")
    chat = make_chat(service)
    make_message(chat, "zebra")
    make_ticket(service, chat=chat)
    with chat_words.following():
        wait_until(lambda: ChatWords.objects.filter(words__isnull=False).exists(), 20)
