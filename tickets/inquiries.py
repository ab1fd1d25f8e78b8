"""Contact Us: what a customer leaves when nobody can chat becomes an Unassigned ticket.

The form is open to everybody. It proves nothing about who sent it, so it shows nothing of what is known; nothing is
stored without consent; and one address leaves only so many.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from contiple.errors import TooMany
from helpcenter.customers import customer_for_inquiry
from helpcenter.models import PrivacyPolicy
from tickets.lifecycle import create_ticket, requested_ticket
from tickets.models import Ticket
from tickets.numbering import hold_counter

# From one address: more than a person has to ask, few enough that a script fills no desk. Offices share an address.
INQUIRIES_MAX = 10
INQUIRIES_PERIOD = timedelta(hours=1)


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
    sender: str,
    now: datetime,
) -> Ticket:
    """The inquiry's ticket; the same form sent twice makes one. ``policy`` is the text that was agreed to at ``now``.

    Raises ``TooMany`` past the limit of ``sender``, and ``Invalid`` for a name or an e-mail that can't be used.
    """
    with transaction.atomic():
        hold_counter(service)
        sent = requested_ticket(service, request_id)
        if sent:
            return sent
        _check_limit(service, sender, now)
        return create_ticket(
            service,
            channel=Ticket.Channel.HELP_CENTER,
            subject=subject,
            body=body,
            requester=customer_for_inquiry(service, name=name, email=email, language=language),
            policy=policy,
            consented_at=now,
            request_id=request_id,
            sender=sender,
        )


def sender_of(request: HttpRequest) -> str:
    """A keyed hash of the address that a request came from: the address itself is not stored."""
    return salted_hmac("tickets.inquiries", _address(request), algorithm="sha256").hexdigest()[:32]


def _address(request: HttpRequest) -> str:
    """Behind a proxy the last entry, which the proxy itself has written; the ones before it anybody may write."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.TRUST_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def _check_limit(service: Service, sender: str, now: datetime) -> None:
    recent = Ticket.objects.filter(service=service, sender=sender, created_at__gt=now - INQUIRIES_PERIOD)
    if sender and recent.count() >= INQUIRIES_MAX:
        raise TooMany(_("Too many inquiries came from your network. Please try again in an hour."))
