"""A ticket's priority: chosen, changed, on record, found."""

import pytest
from django.urls import reverse

from agents.models import AuditEntry
from contiple.base.errors import Conflict
from tests.make import make_ticket
from tests.tickets.test_ticket_list import URL, found, shown
from tickets.lifecycle import set_state
from tickets.models import Ticket
from tickets.triage.sorting import set_priority

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(service, agent) -> Ticket:
    return make_ticket(service, state="processing", assignee=agent)


def test_a_ticket_is_normal_at_first_and_the_trail_has_each_change(agent, ticket) -> None:
    assert ticket.priority == "normal"
    set_priority(agent, ticket, "normal")
    set_priority(agent, ticket, "urgent")
    ticket.refresh_from_db()
    assert ticket.priority == "urgent"
    assert AuditEntry.objects.get().details == {"number": 1, "old": "normal", "new": "urgent"}


def test_of_two_who_read_the_same_priority_the_later_one_is_told(agent, colleague, ticket) -> None:
    stale = Ticket.objects.get(pk=ticket.pk)
    set_priority(agent, ticket, "urgent")
    with pytest.raises(Conflict):
        set_priority(colleague, stale, "low")


def test_who_changes_the_state_meanwhile_whose_due_time_depends_on_it_is_told(agent, colleague, ticket) -> None:
    stale = Ticket.objects.get(pk=ticket.pk)
    set_state(agent, ticket, "pending")
    with pytest.raises(Conflict):
        set_priority(colleague, stale, "low")


def test_it_is_changed_on_the_page_which_says_so_in_words(agent, ticket, sign_in) -> None:
    address = reverse("tickets:priority", args=["demo", ticket.number])
    page = sign_in(agent).post(address, {"priority": "high"}, follow=True).content.decode()
    assert 'data-priority="high"' in page
    assert "changed the priority from Normal to High" in page
    assert sign_in(agent).post(address, {"priority": "highest"}).status_code == 400


def test_a_ticket_by_hand_has_the_chosen_one(service, agent, sign_in) -> None:
    form = {"request_id": "6f1f0e9a-58a6-4c43-8f5e-5b8e4f1d2c3b", "subject": "Call", "priority": "urgent"}
    sign_in(agent).post(reverse("tickets:new", args=["demo"]), form)
    assert Ticket.objects.get().priority == "urgent"


def test_the_list_is_filtered_by_it_and_shows_it(service, agent, colleague, sign_in) -> None:
    make_ticket(service, "burning", priority="urgent")
    make_ticket(service, "burning too", priority="urgent", state="pending", assignee=colleague)
    make_ticket(service, "some day", priority="low")
    assert found(agent, priority="urgent") == {"burning", "burning too"}
    assert found(agent, priority="urgent", state="pending") == {"burning too"}
    assert found(agent, priority="low", assignee="nobody") == {"some day"}
    answer = sign_in(agent).get(URL, {"priority": "low"})
    assert shown(answer) == [3]
    assert 'data-priority="low"' in answer.content.decode()


def test_the_outsider_changes_none(outsider, ticket, sign_in, client) -> None:
    for browser in (sign_in(outsider), client):
        for service in ("demo", "other"):
            browser.post(reverse("tickets:priority", args=[service, ticket.number]), {"priority": "low"})
    ticket.refresh_from_db()
    assert ticket.priority == "normal"
