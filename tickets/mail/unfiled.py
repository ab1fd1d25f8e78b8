"""The mails that became no ticket, for the service's admins: each can still be made one."""

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from agents import audit
from agents.access import require_admin
from agents.models import Agent
from contiple.base.errors import Invalid
from helpcenter.customers import customer_for_inquiry
from helpcenter.models import Customer
from tickets.lifecycle import Draft, create_ticket
from tickets.mail.models import ReceivedMail
from tickets.models import TEXT_LENGTH_MAX, Ticket


def unfiled_of(agent: Agent) -> QuerySet[ReceivedMail]:
    """The mails of the agent's service that are in no ticket."""
    return ReceivedMail.objects.filter(service=agent.service, ticket=None)


@transaction.atomic
def make_ticket(by: Agent, mail_id: int) -> Ticket:
    """Makes a ticket of a mail that was not filed; the one that was made of it before, if it was.

    Raises ``Http404`` if the service has no such mail, ``Closed`` if ``by`` is no admin any more.
    """
    require_admin(by)
    rows = ReceivedMail.objects.select_for_update(no_key=True, of=("self",)).select_related("ticket")
    row = get_object_or_404(rows.defer("ticket__search"), service=by.service, pk=mail_id)
    if row.ticket is None:
        draft = Draft(
            channel=Ticket.Channel.MAIL,
            subject=row.subject or str(row),
            body=row.text[:TEXT_LENGTH_MAX],
            requester=_requester(row),
        )
        row.ticket = create_ticket(by.service, draft, by=by)
        row.save(update_fields=["ticket"])
    return row.ticket


@transaction.atomic
def delete(by: Agent, mail_id: int) -> None:
    """Deletes a mail that is in no ticket, for good.

    Raises ``Http404`` if the service has no such mail, ``Closed`` if ``by`` is no admin any more.
    """
    require_admin(by)
    row = get_object_or_404(unfiled_of(by).select_for_update(no_key=True, of=("self",)), pk=mail_id)
    audit.record(by.service, "mail.deleted", f"received:{row.pk}", agent=by, reason=row.reason)
    row.delete()


def _requester(row: ReceivedMail) -> Customer | None:
    """Returns the sender as a customer; nobody if the mail names no usable one."""
    name = row.from_name or row.from_address.partition("@")[0]
    try:
        language = "ko" if any("가" <= sign <= "힣" for sign in row.subject + row.text) else "en"
        return customer_for_inquiry(row.desk, name=name, email=row.from_address, language=language)
    except Invalid:
        return None
