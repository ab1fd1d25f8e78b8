"""Ticket numbers: counted for each service, unique, in the order in which tickets are made.

If a transaction fails, the next ticket gets its number.
"""

from django.db import transaction
from django.db.models import F

from agents.models import Service


def lock_counter(service: Service) -> None:
    """Locks the Service's row to the end of the transaction, so its tickets are made one after the other.

    Look for an existing ticket after this lock: nobody else can make one in between.
    """
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=service.pk)


def next_number(service: Service) -> int:
    """Counts on and returns the number. Needs a transaction; locks the Service's row to its end."""
    assert transaction.get_connection().in_atomic_block
    counter = Service.objects.filter(pk=service.pk)
    counter.update(last_ticket_number=F("last_ticket_number") + 1)
    return counter.values_list("last_ticket_number", flat=True).get()
