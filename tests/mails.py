"""Delivers what is in the outbox now, as a worker would soon."""

from django.core import mail

from agents.outbox import delivery


def delivered() -> list[mail.EmailMultiAlternatives]:
    """Delivers what is due, and returns everything that was mailed in this test so far."""
    delivery.deliver_due()
    return mail.outbox
