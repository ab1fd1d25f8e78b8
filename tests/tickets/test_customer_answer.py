"""A customer's answer: it brings a ticket back, and one to a Completed ticket makes a new one that follows it."""

import uuid

import pytest

from tests.chat.secrets import columns_with
from tests.make import make_ticket
from tests.tickets.masked import original_of
from tickets.answering.conversation import add_customer_answer, mark_solved
from tickets.lifecycle import set_state
from tickets.models import Comment, Ticket

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"
State = Ticket.State


@pytest.fixture
def ticket(service, customer, agent) -> Ticket:
    return make_ticket(service, requester=customer, assignee=agent, state=State.PENDING)


def in_state(ticket: Ticket, state: str) -> Ticket:
    Ticket.objects.filter(pk=ticket.pk).update(state=state)
    return ticket


@pytest.mark.parametrize("state", [State.PENDING, State.RESOLVED])
def test_it_brings_the_ticket_back_to_its_assignee(ticket, agent, actions, state) -> None:
    answered = add_customer_answer(in_state(ticket, state), "It is still broken")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee, ticket.has_answer) == (State.PROCESSING, agent, True)
    assert answered.ticket == ticket
    comment = Comment.objects.get()
    assert (comment.kind, comment.name, comment.agent, comment.body) == ("customer", "Jun", None, "It is still broken")
    assert actions(ticket) == ["ticket.answered", "ticket.state"]


def test_other_states_stay(service, customer, agent) -> None:
    mine = make_ticket(service, requester=customer, assignee=agent, state=State.TRANSFERRED)
    nobodys = make_ticket(service, requester=customer)
    for ticket in (mine, nobodys):
        before = ticket.state
        add_customer_answer(ticket, "One more thing")
        ticket.refresh_from_db()
        assert (ticket.state, ticket.has_answer) == (before, True)


def test_a_change_of_the_state_by_an_agent_takes_the_mark_away(ticket, agent) -> None:
    add_customer_answer(ticket, "Thanks")
    ticket.refresh_from_db()
    set_state(agent, ticket, State.RESOLVED)
    ticket.refresh_from_db()
    assert not ticket.has_answer


def test_it_is_masked_before_the_save(ticket) -> None:
    answered = add_customer_answer(ticket, f"My card is {CARD}")
    assert columns_with("4111") == []
    assert original_of(answered.comment) == f"My card is {CARD}"


def test_one_to_a_completed_ticket_makes_a_ticket_that_names_it(ticket, agent) -> None:
    answered = add_customer_answer(in_state(ticket, State.COMPLETED), f"Again! {CARD}")
    new = Ticket.objects.get(follows=ticket)
    assert answered.ticket == new
    assert (new.state, new.requester, new.subject) == (State.UNASSIGNED, ticket.requester, ticket.subject)
    assert new.body == f"Again! {'*' * len(CARD)}"
    assert not Comment.objects.exists()
    ticket.refresh_from_db()
    assert ticket.state == State.COMPLETED


def test_the_next_ones_go_to_the_ticket_that_follows(ticket) -> None:
    in_state(ticket, State.COMPLETED)
    first, second = (add_customer_answer(ticket, text).ticket for text in ("Again", "And again"))
    assert first == second
    assert Comment.objects.get().ticket == first


def test_the_same_form_sent_twice_answers_once(ticket) -> None:
    form = uuid.uuid4()
    first, second = (add_customer_answer(ticket, "Once", request_id=form) for _ in range(2))
    assert first == second
    in_state(ticket, State.COMPLETED)
    form = uuid.uuid4()
    first, second = (add_customer_answer(ticket, "Once more", request_id=form) for _ in range(2))
    assert first.ticket == second.ticket
    assert Comment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_to_a_completed_ticket_make_one(ticket, at_once) -> None:
    in_state(ticket, State.COMPLETED)
    results = at_once(lambda index: add_customer_answer(ticket, f"Again {index}").ticket.pk)
    assert len(set(results)) == 1
    assert Comment.objects.count() == len(results) - 1


def test_the_customer_says_that_it_is_solved(ticket, actions) -> None:
    mark_solved(ticket)
    ticket.refresh_from_db()
    assert ticket.state == State.RESOLVED
    mark_solved(ticket)
    assert actions(ticket) == ["ticket.state"]


def test_what_nobody_has_taken_or_what_is_completed_is_not_solved(service, ticket, customer) -> None:
    nobodys = make_ticket(service, requester=customer)
    mark_solved(nobodys)
    mark_solved(in_state(ticket, State.COMPLETED))
    assert list(Ticket.objects.order_by("pk").values_list("state", flat=True)) == [State.COMPLETED, State.UNASSIGNED]
