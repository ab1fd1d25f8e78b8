"""Originals in a ticket's comments destroyed by an admin, also where there is no chat; and its requester forgotten."""

import pytest
from django.test import Client

from agents.models import AuditEntry
from chat.masking.models import DataKey
from tests.make import make_customer, make_ticket
from tickets.lifecycle import add_comment

CARD = "4111 1111 1111 1111"


@pytest.fixture
def ticket(service, agent, customer):
    ticket = make_ticket(service, requester=customer)
    add_comment(agent, ticket, f"card {CARD}")
    return ticket


def url(ticket, service: str = "demo") -> str:
    return f"/desk/{service}/tickets/{ticket.number}/destroy/"


def is_open(ticket) -> bool:
    return DataKey.objects.filter(kind="ticket", number=ticket.pk).exists()


@pytest.mark.parametrize(("of", "action"), [("ticket", "ticket"), ("customer", "customer")])
def test_an_admin_is_asked_first(ticket, admin, sign_in, of, action) -> None:
    browser = sign_in(admin)
    assert browser.get(url(ticket)).status_code == 200
    assert is_open(ticket)
    assert browser.post(url(ticket), {"of": of}).status_code == 302
    assert not is_open(ticket)
    assert AuditEntry.objects.get(action=f"{action}.originals_destroyed").agent == admin
    assert ticket.comments.get().body == f"card {'*' * len(CARD)}"


def test_the_ticket_s_timeline_tells_of_it(ticket, admin, sign_in) -> None:
    browser = sign_in(admin)
    browser.post(url(ticket), {"of": "ticket"})
    assert "destroyed the masked originals" in browser.get(url(ticket).replace("destroy/", "")).content.decode()


def test_other_tickets_keep_theirs(ticket, service, agent, admin, sign_in) -> None:
    other = make_ticket(service, requester=make_customer(service, "Hana", email="hana@example.com"))
    add_comment(agent, other, CARD)
    sign_in(admin).post(url(ticket), {"of": "customer"})
    assert is_open(other)


@pytest.mark.parametrize("form", [{}, {"of": "x"}])
def test_a_form_that_says_nothing_destroys_nothing(ticket, admin, sign_in, form) -> None:
    assert sign_in(admin).post(url(ticket), form).status_code == 400
    assert is_open(ticket)


def test_a_ticket_of_nobody_forgets_nobody(service, agent, admin, sign_in) -> None:
    ticket = make_ticket(service)
    add_comment(agent, ticket, CARD)
    browser = sign_in(admin)
    assert "Destroy this customer’s originals" not in browser.get(url(ticket)).content.decode()
    assert browser.post(url(ticket), {"of": "customer"}).status_code == 400
    assert browser.post(url(ticket), {"of": "ticket"}).status_code == 302
    assert not is_open(ticket)


def test_nobody_else_gets_there(ticket, agent, outsider, sign_in) -> None:
    for browser, service in ((sign_in(agent), "demo"), (sign_in(outsider), "demo"), (sign_in(outsider), "other")):
        assert browser.get(url(ticket, service)).status_code == 404
        assert browser.post(url(ticket, service), {"of": "ticket"}).status_code == 404
    assert Client().post(url(ticket), {"of": "ticket"}).status_code == 302
    assert is_open(ticket)
    page = url(ticket).replace("destroy/", "")
    assert url(ticket) not in sign_in(agent).get(page).content.decode()
