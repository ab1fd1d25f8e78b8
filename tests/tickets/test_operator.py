"""The operator's pages: that tickets are there, and not what people wrote."""

import pytest
from django.test import Client

from tests.make import make_ticket, make_user


@pytest.fixture
def operator(db) -> Client:
    client = Client()
    client.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    return client


def test_the_operator_sees_states_and_no_texts(service, operator):
    ticket = make_ticket(service, "Private matter", body="Very private")
    for path in (
        "/operator/tickets/ticket/",
        f"/operator/tickets/ticket/{ticket.pk}/change/",
        "/operator/tickets/tag/",
    ):
        page = operator.get(path)
        assert page.status_code == 200
        assert "rivate" not in page.content.decode()


def test_the_operator_changes_nothing(service, operator):
    ticket = make_ticket(service)
    assert operator.post(f"/operator/tickets/ticket/{ticket.pk}/change/", {"state": "pending"}).status_code == 403
    assert operator.get("/operator/tickets/tag/add/").status_code == 403
    assert operator.post(f"/operator/tickets/ticket/{ticket.pk}/delete/").status_code == 403


def test_an_agent_is_no_operator(admin, sign_in):
    assert sign_in(admin).get("/operator/tickets/ticket/").status_code == 302
