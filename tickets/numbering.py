"""Ticket numbers: counted for each service, unique, in the order in which tickets are made.

A number whose transaction fails is given to the next one.
"""

from django.db import transaction
from django.db.models import F

from agents.models import Service


def lock_counter(service: Service) -> None:
    """Locks the Service's row to the end of the transaction: tickets of one service are made one after the other,

    so that who looks for a ticket now, before making one, sees what anybody else has made.
    """
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=service.pk)


def next_number(service: Service) -> int:
    """Needs a transaction; holds the Service's row to its end."""
    assert transaction.get_connection().in_atomic_block
    counter = Service.objects.filter(pk=service.pk)
    counter.update(last_ticket_number=F("last_ticket_number") + 1)
    return counter.values_list("last_ticket_number", flat=True).get()
