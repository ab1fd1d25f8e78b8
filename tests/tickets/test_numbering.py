import pytest

from tests.make import make_service
from tickets.lifecycle import Draft, create_ticket
from tickets.models import Ticket


def test_numbers_are_counted_for_each_service(service, outsider):
    numbers = [create_ticket(service, Draft(channel="agent", subject="a")).number for _ in range(2)]
    assert numbers == [1, 2]
    assert create_ticket(outsider.service, Draft(channel="agent", subject="b")).number == 1


def test_a_stale_service_object_counts_on(service):
    create_ticket(service, Draft(channel="agent", subject="a"))
    assert service.last_ticket_number == 0
    assert create_ticket(service, Draft(channel="agent", subject="b")).number == 2


@pytest.mark.django_db(transaction=True)
def test_tickets_made_at_once_have_numbers_of_their_own(at_once):
    service = make_service("demo")
    made = at_once(lambda index: create_ticket(service, Draft(channel="agent", subject=f"{index}")).number)
    assert sorted(made) == list(range(1, 9))
    service.refresh_from_db()
    assert service.last_ticket_number == Ticket.objects.count() == 8
