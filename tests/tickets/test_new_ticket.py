import uuid

import pytest

from helpcenter.models import Customer
from tickets.models import Ticket

URL = "/desk/demo/tickets/new/"


@pytest.fixture
def data(agent):
    return {
        "subject": "Call from Hana",
        "body": "Wants a refund",
        "name": "Hana",
        "email": "hana@example.com",
        "assignee": str(agent.pk),
        "request_id": str(uuid.uuid4()),
    }


def test_an_agent_writes_a_ticket_by_hand(agent, data, sign_in, actions):
    answer = sign_in(agent).post(URL, data)
    ticket = Ticket.objects.get()
    assert answer.url == "/desk/demo/tickets/1/"
    assert (ticket.subject, ticket.channel, ticket.assignee, ticket.created_by) == (
        "Call from Hana",
        "agent",
        agent,
        agent,
    )
    assert (ticket.requester.name, ticket.requester.email) == ("Hana", "hana@example.com")
    assert actions(ticket) == ["ticket.created"]


def test_a_number_in_the_requesters_name_is_masked(agent, data, sign_in):
    sign_in(agent).post(URL, data | {"name": "Hana 4111111111111111"})
    assert Ticket.objects.get().requester.name == f"Hana {'*' * 16}"


def test_requester_and_assignee_may_stay_open(agent, data, sign_in):
    sign_in(agent).post(URL, data | {"name": "", "email": "", "assignee": ""})
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.assignee, ticket.state) == (None, None, "unassigned")


def test_a_form_sent_twice_makes_one_ticket_and_one_customer(agent, data, sign_in):
    client = sign_in(agent)
    assert client.post(URL, data).url == client.post(URL, data | {"name": "Hana B"}).url
    assert (Ticket.objects.count(), Customer.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", ""),
        ("email", "nobody"),
        ("name", ""),
        ("name", "a\0b"),
        ("body", "a\0b"),
        ("assignee", "0"),
        ("subject", "x" * 161),
    ],
)
def test_what_can_not_be_used_is_said_and_the_rest_is_kept(agent, data, sign_in, field, value):
    page = sign_in(agent).post(URL, data | {field: value}).content.decode()
    assert "field-errors" in page
    assert "Wants a refund" in page or field == "body"
    assert not Ticket.objects.exists()
    assert not Customer.objects.exists()


def test_the_outsider_and_strangers_write_nothing(outsider, data, sign_in, client):
    assert sign_in(outsider).get(URL).status_code == 404
    assert sign_in(outsider).post(URL, data).status_code == 404
    assert client.post(URL, data).status_code == 302
    assert not Ticket.objects.exists()


def test_another_services_agent_is_not_assigned(agent, outsider, data, sign_in):
    sign_in(agent).post(URL, data | {"assignee": str(outsider.pk)})
    assert not Ticket.objects.exists()
