"""State, assignee, subject and description."""

import pytest

from agents.models import AuditEntry
from contiple.base.errors import Closed, Conflict, Invalid
from tests.make import make_agent, make_service, make_ticket
from tickets.lifecycle import edit_text, set_assignee, set_state
from tickets.models import Ticket

State = Ticket.State


@pytest.fixture
def ticket(service, agent):
    return make_ticket(service, state="processing", assignee=agent)


def test_the_state_changes_and_the_trail_has_both(agent, ticket):
    set_state(agent, ticket, "pending")
    ticket.refresh_from_db()
    assert ticket.state == State.PENDING
    assert AuditEntry.objects.get().details == {"number": 1, "old": "processing", "new": "pending"}


def test_a_change_brings_the_ticket_to_the_top(agent, ticket):
    before = ticket.updated_at
    set_state(agent, ticket, "pending")
    ticket.refresh_from_db()
    assert ticket.updated_at > before


def test_the_same_state_is_no_change(agent, ticket):
    set_state(agent, ticket, "processing")
    assert not AuditEntry.objects.exists()


def test_only_an_admin_completes(agent, admin, ticket):
    with pytest.raises(Closed):
        set_state(agent, ticket, "completed")
    ticket.refresh_from_db()
    assert ticket.state == State.PROCESSING
    set_state(admin, ticket, "completed")
    ticket.refresh_from_db()
    assert ticket.state == State.COMPLETED


@pytest.mark.parametrize("state", ["processing", "resolved", "unassigned"])
def test_only_an_admin_opens_a_completed_ticket_again(service, agent, admin, state):
    ticket = make_ticket(service, state="completed", assignee=agent)
    with pytest.raises(Closed):
        set_state(agent, ticket, state)
    with pytest.raises(Closed):
        set_assignee(agent, ticket, None)
    set_state(admin, ticket, state)
    ticket.refresh_from_db()
    assert ticket.state == state


def test_a_ticket_that_nobody_has_takes_no_state(service, agent):
    with pytest.raises(Invalid):
        set_state(agent, make_ticket(service), "pending")


def test_assigning_makes_it_processing_and_taking_it_away_unassigned(service, agent, colleague, actions):
    ticket = make_ticket(service)
    set_assignee(agent, ticket, colleague)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == (State.PROCESSING, colleague)
    set_assignee(agent, ticket, None)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == (State.UNASSIGNED, None)
    assert actions(ticket) == ["ticket.assignee", "ticket.state"] * 2


def test_unassigned_as_a_state_takes_it_away(agent, ticket):
    set_state(agent, ticket, "unassigned")
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_another_assignee_keeps_the_state(agent, colleague, ticket):
    set_state(agent, ticket, "pending")
    set_assignee(agent, ticket, colleague)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == (State.PENDING, colleague)


def test_who_is_not_an_active_agent_of_the_service_gets_no_ticket(service, agent, outsider, ticket):
    gone = make_agent(service, is_active=False)
    no_account = make_agent(service)
    no_account.user.is_active = False
    no_account.user.save(update_fields=["is_active"])
    for person in (gone, no_account, outsider):
        with pytest.raises(Invalid):
            set_assignee(agent, ticket, person)
    ticket.refresh_from_db()
    assert ticket.assignee == agent


def test_of_two_who_read_the_same_ticket_the_later_one_is_told(agent, colleague, ticket):
    mine, theirs = Ticket.objects.get(pk=ticket.pk), Ticket.objects.get(pk=ticket.pk)
    set_state(agent, mine, "pending")
    with pytest.raises(Conflict):
        set_state(colleague, theirs, "resolved")
    assert AuditEntry.objects.filter(action="ticket.state").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_a_ticket_at_once_one_gets_it(at_once):
    service = make_service("demo")
    agents = [make_agent(service) for _ in range(8)]
    ticket = make_ticket(service)
    copies = [Ticket.objects.get(pk=ticket.pk) for _ in agents]
    results = at_once(lambda index: set_assignee(agents[index], copies[index], agents[index]))
    assert results.count(None) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 7
    ticket.refresh_from_db()
    assert ticket.assignee == agents[results.index(None)]
    assert AuditEntry.objects.filter(action="ticket.assignee").count() == 1


def test_text_is_replaced_masked_and_on_record_without_a_word_of_it(agent, ticket):
    edit_text(agent, ticket, subject="New words", body="Card 4539 1488 0343 6467")
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.body) == ("New words", "Card *******************")
    assert AuditEntry.objects.get().details == {"number": 1, "fields": ["subject", "body"]}


def test_text_that_changed_since_it_was_read_is_not_overwritten(agent, colleague, ticket):
    stale = Ticket.objects.get(pk=ticket.pk)
    edit_text(colleague, ticket, subject="Theirs", body="")
    with pytest.raises(Conflict):
        edit_text(agent, stale, subject="Mine", body="")
    ticket.refresh_from_db()
    assert ticket.subject == "Theirs"
