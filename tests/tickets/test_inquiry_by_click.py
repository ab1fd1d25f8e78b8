"""A chat that nobody answers becomes an inquiry by one click: with its words, its consent, and a number by mail."""

import pytest
from django.test import Client

from agents.models import Service
from chat.abuse import limits
from chat.lifecycle.transitions import close_chat
from chat.models import Chat, Message
from helpcenter.customers import register_customer
from helpcenter.models import Customer
from tests.agents.race import at_once
from tests.mails import delivered
from tests.make import make_chat, make_message, make_service
from tickets.lifecycle import create_from_chat
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
URL = "/hc/demo/chat/inquiry/"
TEXT = "Where is my parcel?"


@pytest.fixture
def known(service: Service) -> tuple[Customer, str]:
    return register_customer(service, name="Hana", email="hana@example.com", language="ko")


@pytest.fixture
def chat(service, known) -> Chat:
    """Hana's, waiting, with two messages."""
    chat = make_chat(service, customer=known[0])
    make_message(chat, TEXT)
    make_message(chat, "It is late.")
    return chat


def click(token: str, url: str = URL, **typed: str):
    return Client(enforce_csrf_checks=True).post(url, typed, headers={"Authorization": f"Bearer {token}"})


def test_one_click_makes_the_inquiry_with_everything_filled_in(chat, known) -> None:
    answer = click(known[1])

    ticket = Ticket.objects.get()
    assert answer.status_code == 200
    assert (ticket.subject, ticket.body) == (TEXT, f"{TEXT}\nIt is late.")
    assert (ticket.chat, ticket.requester, ticket.state) == (chat, chat.customer, Ticket.State.UNASSIGNED)
    assert (ticket.policy, ticket.consented_at) == (chat.policy, chat.consented_at)
    assert [tag.name for tag in ticket.tags.all()] == ["Chat"]


def test_the_chat_ends_and_its_panel_shows_the_number(chat, known) -> None:
    answer = click(known[1])

    chat.refresh_from_db()
    assert (chat.state, chat.closed_by) == (Chat.State.CLOSED, Chat.ClosedBy.CUSTOMER)
    assert f"Its number is <strong>#{Ticket.objects.get().number}</strong>." in answer.text
    assert 'data-action="inquire"' not in answer.text
    again = Client().post("/hc/demo/chat/resume/", headers={"Authorization": f"Bearer {known[1]}"})
    assert f"<strong>#{Ticket.objects.get().number}</strong>" in again.text


def test_the_number_is_mailed_in_the_customers_language(chat, known) -> None:
    click(known[1])

    [mail] = delivered()
    assert mail.to == ["hana@example.com"]
    assert f"#{Ticket.objects.get().number}" in mail.body
    assert "접수" in mail.body


def test_what_was_typed_and_not_sent_comes_along_masked(chat, known) -> None:
    click(known[1], message="my card is 4539 1488 0343 6467")

    assert Ticket.objects.get().body == f"{TEXT}\nIt is late.\nmy card is *******************"


def test_with_nothing_sent_what_was_typed_is_the_inquiry(service, known) -> None:
    make_chat(service, customer=known[0])

    click(known[1], message="my card is 4539 1488 0343 6467\nand more")

    ticket = Ticket.objects.get()
    assert ticket.subject == "my card is ******************* and more"
    assert ticket.body == "my card is *******************\nand more"


def test_with_nothing_written_the_form_is_asked_for(service, known) -> None:
    chat = make_chat(service, customer=known[0])

    answer = click(known[1], message=" \n")

    chat.refresh_from_db()
    assert answer.status_code == 409
    assert chat.is_open
    assert not Ticket.objects.exists()


def test_only_the_address_is_asked_for_if_none_is_known(service) -> None:
    customer, token = register_customer(service, name="Hana", email="", language="en")
    make_message(make_chat(service, customer=customer), TEXT)

    assert click(token).status_code == 400
    assert click(token, email="hana@").status_code == 400
    assert not Ticket.objects.exists()
    assert click(token, email="hana@example.com").status_code == 200
    customer.refresh_from_db()
    assert customer.email == "hana@example.com"
    assert [mail.to for mail in delivered()] == [["hana@example.com"]]


def test_a_known_address_stays(chat, known) -> None:
    click(known[1], email="other@example.com")

    assert [mail.to for mail in delivered()] == [["hana@example.com"]]


def test_a_second_click_is_the_same_inquiry(transactional_db, chat, known) -> None:
    at_once(*[lambda: click(known[1])] * 3)
    click(known[1])

    assert Ticket.objects.count() == 1
    assert len(delivered()) == 1
    assert Message.objects.filter(chat=chat, event="inquiry").count() == 1


def test_a_chat_that_ended_since_its_page_was_closed_becomes_one_too(chat, known) -> None:
    close_chat(chat.pk, by=Chat.ClosedBy.TIMEOUT)
    shown = Client().post("/hc/demo/chat/resume/", headers={"Authorization": f"Bearer {known[1]}"})
    assert 'data-action="inquire"' in shown.text

    answer = click(known[1])

    chat.refresh_from_db()
    assert chat.closed_by == Chat.ClosedBy.TIMEOUT
    assert Ticket.objects.get().chat == chat
    assert "Its number is" in answer.text


def test_a_chat_that_an_agent_has_opened_meanwhile_goes_on(agent, chat, known) -> None:
    Chat.objects.filter(pk=chat.pk).update(state=Chat.State.ACTIVE, agent=agent)

    click(known[1])

    chat.refresh_from_db()
    assert chat.is_open
    assert not Message.objects.filter(event="inquiry").exists()


def test_the_ticket_that_an_agent_has_made_is_the_inquiry(agent, chat, known) -> None:
    ticket = create_from_chat(agent, chat)

    answer = click(known[1])

    assert Ticket.objects.get() == ticket
    assert f"<strong>#{ticket.number}</strong>" in answer.text


def test_nobody_leaves_one_for_somebody_else(chat, known) -> None:
    make_service("other")
    for token in ("", "x", "1.2.3"):
        assert click(token).status_code == 404
    assert click(known[1], "/hc/other/chat/inquiry/").status_code == 404
    assert Client().post(URL, headers={"Origin": "https://else.example"}).status_code == 404
    assert not Ticket.objects.exists()


def test_inquiries_of_one_network_are_limited(service) -> None:
    for count in range(limits.INQUIRY_BY_NETWORK.attempts + 1):
        customer, token = register_customer(service, name="Hana", email=f"h{count}@example.com", language="en")
        make_message(make_chat(service, customer=customer), TEXT)
        answer = click(token)

    assert answer.status_code == 429
    assert Ticket.objects.count() == limits.INQUIRY_BY_NETWORK.attempts
