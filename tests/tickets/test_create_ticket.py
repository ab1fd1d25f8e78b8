import pytest
from django.db import IntegrityError, transaction

from agents.models import AuditEntry
from tests.make import make_ticket
from tickets.lifecycle import Draft, create_ticket
from tickets.models import Ticket

CARD = "4539 1488 0343 6467"


def test_with_an_assignee_it_is_processing_and_without_unassigned(service, agent):
    assert create_ticket(service, Draft(channel="agent", subject="a", assignee=agent)).state == Ticket.State.PROCESSING
    assert create_ticket(service, Draft(channel="agent", subject="b")).state == Ticket.State.UNASSIGNED


def test_the_trail_tells_of_it_without_a_word_of_the_text(service, agent):
    ticket = create_ticket(service, Draft(channel="agent", subject="Secret plan", body="More secrets"), by=agent)
    entry = AuditEntry.objects.get(subject=ticket.audit_subject)
    assert (entry.action, entry.agent, entry.details["number"]) == ("ticket.created", agent, 1)
    assert "ecret" not in str(entry.details)


def test_card_numbers_are_masked_before_they_are_saved(service):
    ticket = create_ticket(service, Draft(channel="agent", subject=f"My card {CARD}", body=f"It is\n{CARD}!"))
    ticket.refresh_from_db()
    assert "4539" not in ticket.subject + ticket.body
    assert ticket.body.startswith("It is\n")
    assert len(ticket.body) == len(f"It is\n{CARD}!")


def test_a_card_number_at_the_end_of_a_long_subject_is_masked_before_it_is_cut(service):
    ticket = create_ticket(service, Draft(channel="agent", subject="x " * 75 + CARD))
    assert "4539" not in ticket.subject
    assert len(ticket.subject) <= 160


def test_nothing_is_masked_without_security_service(service):
    service.contract.security_service = False
    assert CARD in create_ticket(service, Draft(channel="agent", subject=CARD)).subject


@pytest.mark.parametrize("state", [s for s in Ticket.State if s != Ticket.State.UNASSIGNED])
def test_the_database_refuses_a_state_that_nobody_has(service, state):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_ticket(service, state=state)


def test_the_database_refuses_an_unassigned_ticket_with_an_assignee(service, agent):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_ticket(service, assignee=agent)
