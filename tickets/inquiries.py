"""Contact Us: what a customer leaves when nobody can chat becomes an Unassigned ticket.

The form is open to everybody. It proves nothing about who sent it, so it shows nothing of what is known; nothing is
stored without consent; and one address leaves only so many.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from agents import throttle
from agents.models import Service
from chat.masking.concealing import conceal
from helpcenter.customers import customer_for_inquiry
from helpcenter.models import PrivacyPolicy
from tickets.lifecycle import create_ticket, requested_ticket
from tickets.models import Ticket
from tickets.numbering import lock_counter

# More than a person has to ask, few enough that a script fills no desk.
INQUIRY_BY_ADDRESS = throttle.Limit("inquiry address", 10, timedelta(hours=1))


def leave_inquiry(
    service: Service,
    *,
    name: str,
    email: str,
    language: str,
    subject: str,
    body: str,
    policy: PrivacyPolicy,
    request_id: UUID,
    address: str,
    now: datetime,
) -> Ticket:
    """The inquiry's ticket; the same form sent twice makes one. ``policy`` is the text that was agreed to at ``now``.

    Raises ``TooMany`` past the limit of ``address``, and ``Invalid`` for a name or an e-mail that can't be used.
    """
    with transaction.atomic():
        lock_counter(service)
        sent = requested_ticket(service, request_id)
        if sent:
            return sent
        throttle.count_attempt(INQUIRY_BY_ADDRESS, f"{service.pk} {throttle.network(address)}", now=now)
        return create_ticket(
            service,
            channel=Ticket.Channel.HELP_CENTER,
            subject=subject,
            body=body,
            requester=customer_for_inquiry(service, name=conceal(service, name), email=email, language=language),
            policy=policy,
            consented_at=now,
            request_id=request_id,
        )
