"""A fact of a ticket is saved at once on its page: never over a newer change unread, and with a way back."""

import re

import pytest

from agents.models import Agent
from tests.make import make_ticket
from tests.tickets.test_ticket_detail import HTMX, URL
from tickets.lifecycle import set_assignee, set_state
from tickets.models import Ticket
from tickets.tags import add_tag

NOT_SAVED = "Not saved: someone else changed this in the meantime."


@pytest.fixture
def ticket(service, agent) -> Ticket:
    return make_ticket(service, "Where is my order?", state="processing", assignee=agent)


@pytest.fixture
def send(agent, ticket, sign_in):
    """``send("state", state="pending", was="processing")`` returns the part that htmx puts into the page."""
    browser = sign_in(agent)

    def post(path: str, **fields: str) -> str:
        answer = browser.post(f"{URL}{path}/", fields, headers=HTMX)
        assert answer.status_code == 200
        ticket.refresh_from_db()
        return answer.content.decode()

    return post


def undo_in(part: str) -> dict[str, str]:
    """The address and the fields of the way back."""
    form = re.search(r'<div class="field-saved">.*?</div>', part, re.S)
    assert form, part
    fields = dict(re.findall(r'name="([a-z]+)" value="([^"]*)"', form[0]))
    fields.pop("csrfmiddlewaretoken", None)
    return {"path": re.findall(r'action="[^"]*/tickets/1/([^"]*)/"', form[0])[0], **fields}


def state_of(ticket: Ticket) -> tuple[str, Agent | None]:
    return ticket.state, ticket.assignee


def test_it_says_that_it_is_saved_and_takes_it_back_once(send, ticket, agent, actions) -> None:
    part = send("state", state="pending", was="processing")
    assert ticket.state == "pending"

    part = send(**undo_in(part))
    assert ticket.state == "processing"
    assert "Saved" in part
    assert "Undo" not in part
    assert actions(ticket) == ["ticket.state"] * 2


@pytest.mark.parametrize("fact", ["state", "assignee", "priority"])
def test_a_newer_change_of_a_colleague_is_shown_and_stays(send, ticket, agent, colleague, fact) -> None:
    was = {"state": "processing", "assignee": str(agent.pk), "priority": "normal"}[fact]
    newer = {"state": "resolved", "assignee": colleague, "priority": "high"}[fact]
    Ticket.objects.filter(pk=ticket.pk).update(**{fact: newer})

    part = send(fact, **{fact: {"state": "pending", "assignee": "", "priority": "low"}[fact], "was": was})

    assert getattr(ticket, fact) == newer
    assert NOT_SAVED in part
    assert f'<option value="{getattr(newer, "pk", newer)}" selected>' in part


def test_what_a_colleague_has_chosen_too_is_no_conflict(send, ticket, colleague) -> None:
    set_state(colleague, Ticket.objects.get(pk=ticket.pk), "pending")
    assert NOT_SAVED not in send("state", state="pending", was="processing")
    assert ticket.state == "pending"


def test_two_who_take_it_at_once_from_the_page(service, agent, colleague, sign_in) -> None:
    ticket = make_ticket(service)
    for person in (agent, colleague):
        part = sign_in(person).post(f"{URL}assignee/", {"assignee": person.pk, "was": ""}, headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    assert NOT_SAVED in part.content.decode()


def test_a_page_of_the_release_before_says_not_what_it_showed(send, ticket) -> None:
    send("state", state="pending")
    assert ticket.state == "pending"


def test_without_a_script_a_conflict_is_a_page_that_says_so(ticket, agent, colleague, sign_in) -> None:
    set_state(colleague, ticket, "resolved")
    answer = sign_in(agent).post(f"{URL}state/", {"state": "pending", "was": "processing"})
    assert answer.status_code == 409
    assert NOT_SAVED in answer.content.decode()


def test_a_refusal_is_said_beside_the_field(send, ticket) -> None:
    part = send("state", state="completed", was="processing")
    assert ticket.state == "processing"
    assert "Only an admin can complete a ticket" in part
    assert "Saved" not in part


def test_the_way_back_is_offered_only_if_it_brings_back_all(send, ticket, agent, colleague) -> None:
    assert "Undo" not in send("state", state="unassigned", was="processing")  # nobody has it any more
    assert state_of(ticket) == ("unassigned", None)

    send(**undo_in(send("assignee", assignee=str(colleague.pk), was="")))
    assert state_of(ticket) == ("unassigned", None)

    set_assignee(agent, ticket, agent)
    set_state(agent, ticket, "pending")
    assert "Undo" not in send("assignee", assignee="", was=str(agent.pk))  # it would not be Pending again


def test_a_tag_comes_back_and_goes_again(send, ticket, agent) -> None:
    part = send("tags", tag="billing")
    send(**undo_in(part))
    assert not ticket.tags.exists()

    tag = add_tag(agent, ticket, "refund")
    part = send(f"tags/{tag.pk}/remove")
    assert not ticket.tags.exists()
    send(**undo_in(part))
    assert ticket.tags.get().name == "refund"


def test_a_number_in_a_tag_is_masked_in_the_way_back_too(send, ticket) -> None:
    send("tags", tag="4539 1488 0343 6467")
    part = send(f"tags/{ticket.tags.get().pk}/remove")
    assert "4539" not in part
    assert "*" in undo_in(part)["tag"]


def test_nothing_that_was_not_changed_is_offered_back(send, ticket, agent) -> None:
    add_tag(agent, ticket, "billing")
    assert "Undo" not in send("tags", tag="Billing")
    assert "Undo" not in send("priority", priority="normal", was="normal")
