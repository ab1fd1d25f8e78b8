"""The count of customers' answers in the navigation, which every page of the desk asks for again."""

import re

import pytest

from tests.make import make_ticket
from tickets.answering.conversation import add_customer_answer
from tickets.answering.replies import Reply, send_reply

pytestmark = pytest.mark.django_db
URL = "/desk/demo/tickets/answers/"


def latest(page: str) -> str:
    return re.search(r'data-latest="([^"]*)"', page)[1]


def test_it_counts_the_agents_own_and_tells_of_every_change(service, agent, colleague, customer, sign_in) -> None:
    client = sign_in(agent)
    empty = client.get(URL).content.decode()
    assert latest(empty) == ""
    own = make_ticket(service, requester=customer, assignee=agent, state="pending")
    theirs = make_ticket(service, requester=customer, assignee=colleague, state="pending")
    before = client.get(URL).content.decode()
    assert "count" not in before
    add_customer_answer(theirs, "Hello")
    other = client.get(URL).content.decode()
    assert "count" not in other
    assert latest(other) > latest(before)
    add_customer_answer(own, "Hello")
    assert '<span class="count">1</span>' in client.get(URL).content.decode()
    send_reply(agent, own, Reply("Hello"))
    assert "count" not in client.get(URL).content.decode()


def test_another_service_s_tickets_tell_nothing(service, agent, outsider, customer, sign_in, client) -> None:
    make_ticket(service, requester=customer)
    assert sign_in(outsider).get(URL).status_code == 404
    assert latest(sign_in(outsider).get(URL.replace("demo", outsider.service.slug)).content.decode()) == ""
    assert client.get(URL).status_code == 302
