"""Links that open the customer's page of a ticket without an account.

A link is signed, ends after the days of Default Setting, and stops when an agent revokes it. It is sent by mail to the
requester's address and shown nowhere else: whoever opens it has read that mailbox, or was given the mail.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.models import Agent, Service
from helpcenter.access import help_center_of
from helpcenter.models import Customer
from tickets.models import Ticket
from tickets.triage.merging import kept_of

_signer = signing.Signer(salt="tickets.customer_links", sep=".")


def link_of(ticket: Ticket, *, now: datetime) -> str:
    """Returns a new link, good from ``now`` on."""
    path = reverse("tickets:inquiry", args=[ticket.service.slug, secret_of(ticket, now=now)])
    return f"{settings.PUBLIC_ORIGIN}{path}"


def secret_of(ticket: Ticket, *, now: datetime) -> str:
    return _signer.sign_object([ticket.pk, ticket.link_generation, int(now.timestamp())])


def ticket_of_secret(service: Service, secret: str, *, now: datetime) -> Ticket | None:
    """Returns the ticket, or the one that it was merged into.

    ``None`` if the secret is forged, ended, revoked or of another service.
    """
    try:
        pk, generation, made_at = _signer.unsign_object(secret)
    except (signing.BadSignature, ValueError):
        return None
    if now - datetime.fromtimestamp(made_at, tz=now.tzinfo) >= _lasts(service):
        return None
    known = Ticket.objects.defer("search", "merged_into__search")
    related = known.select_related("requester", "service__contract", "merged_into__requester")
    ticket = related.select_related("merged_into__service__contract").filter(service=service, pk=pk).first()
    return kept_of(ticket) if ticket and ticket.link_generation == generation else None


def tickets_of_email(service: Service, email: str) -> QuerySet[Ticket]:
    """Returns the tickets whose requester has this address, the newest first."""
    people = Customer.objects.alias(lower=Lower("email")).filter(service=service, lower=Lower(Value(email)))
    tickets = Ticket.objects.filter(service=service, requester__in=people, merged_into=None)
    return tickets.defer("search").select_related("requester", "service__contract").order_by("-updated_at", "-pk")


@transaction.atomic
def revoke_links(agent: Agent, ticket: Ticket) -> None:
    """Ends every link to the ticket that was sent so far. The next mail has a new one.

    Those to tickets that it follows, or that were merged into it, end as well: they lead here, or an answer by them.
    """
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())
    Ticket.objects.filter(pk__in=_leading_to(ticket)).update(link_generation=F("link_generation") + 1)
    audit.record(ticket.service_id, "ticket.links_revoked", ticket.audit_subject, agent=agent, number=ticket.number)


def _leading_to(ticket: Ticket) -> set[int]:
    """The ids of the ticket and of all whose answers come to it."""
    found: set[int] = set()
    near = {ticket.pk}
    while near:
        found |= near
        rows = Ticket.objects.filter(Q(pk__in=near) | Q(merged_into__in=near)).values_list("pk", "follows")
        near = {pk for row in rows for pk in row if pk} - found
    return found


def _lasts(service: Service) -> timedelta:
    return timedelta(days=help_center_of(service).inquiry_link_days)
