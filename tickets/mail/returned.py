"""Marks mails that came back: on their ticket's timeline, and by a mail to the ticket's assignee."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import audit, outbox
from agents.models import Service
from agents.outbox.models import OutgoingMail
from agents.outbox.outcomes import note_bounce
from tickets.answering.mails import RETURNED
from tickets.mail.bounces import Bounce
from tickets.models import Ticket, TicketMail
from tickets.triage.merging import kept_of


def mark_returned(service: Service, bounce: Bounce) -> Ticket | None:
    """Marks the service's mails that the bounce is about. Returns the ticket whose mail it was, if it was one's.

    Only who has had a mail knows its id, so nobody else can claim that it came back.
    """
    sent = OutgoingMail.objects.filter(service=service, message_id__in=bounce.original_ids)
    returned = [row.message_id for row in sent if note_bounce(row.message_id, bounce.status)]
    rows = TicketMail.objects.filter(service=service, message_id__in=returned, direction=TicketMail.Direction.OUT)
    mail = rows.select_related("ticket__assignee__user").first()
    if mail is None:
        return None
    ticket = kept_of(mail.ticket)
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())
    audit.record(service, "ticket.mail_returned", ticket.audit_subject, number=ticket.number, status=bounce.status)
    _tell_assignee(service, ticket)
    return ticket


def _tell_assignee(service: Service, ticket: Ticket) -> None:
    """Mails the assignee which ticket it is, without a word of what was written."""
    agent = ticket.assignee
    if agent is None or not (agent.is_active and agent.user.is_active):
        return
    url = settings.PUBLIC_ORIGIN + reverse("tickets:detail", args=[service.slug, ticket.number])
    outbox.post(
        outbox.Outgoing(
            service=service,
            kind=RETURNED,
            about=ticket.audit_subject,
            to=[agent.user.email],
            subject=_("Your reply to ticket #%(number)s could not be delivered") % {"number": ticket.number},
            text=render_to_string("tickets/returned_mail.txt", {"service": service, "ticket": ticket, "url": url}),
            from_name=service.name,
        )
    )
