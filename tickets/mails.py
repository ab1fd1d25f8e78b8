"""Mails about a ticket to its customer, in the customer's language. Each is a row of the outbox.

All mails of a ticket are one thread in any mail program: one subject, and each names those before. The subject has no
word that anybody typed, since it is read on locked screens; nor has a confirmation, since anybody can send one to any
address. Bodies are the stored, masked texts.
"""

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents import outbox
from agents.models import Service
from agents.outbox.models import OutgoingMail
from helpcenter.access import help_center_of
from helpcenter.texts import known_language, text_for
from tickets.customer_links import link_of
from tickets.models import Comment, Ticket, TicketMail

REFERENCES_MAX = 20  # the first and the latest: programs look at these, and lines of headers have an end


def is_reachable(ticket: Ticket) -> bool:
    """Whether mails can be sent to the requester. The outbox takes no quoted address."""
    return ticket.requester is not None and bool(ticket.requester.email) and '"' not in ticket.requester.email


def mail_confirmation(ticket: Ticket) -> OutgoingMail:
    """Posts the mail that tells a customer the number of the inquiry. Needs a transaction, as all here do."""
    return _post(ticket, "inquiry")


def mail_reply(ticket: Ticket, reply: Comment, *, cc: Sequence[str] = ()) -> OutgoingMail:
    """Posts an agent's reply. With readers in ``cc`` it has no link, which is the customer's own."""
    return _post(ticket, "reply", reply=reply, cc=cc)


def mail_links(service: Service, email: str, tickets: Sequence[Ticket]) -> OutgoingMail:
    """Posts new links to the tickets, which have a requester with this address."""
    now, language = timezone.now(), _language(tickets[0])
    with translation.override(language):
        links = [(ticket.number, link_of(ticket, now=now)) for ticket in tickets]
        context = _context(service, language) | {"links": links}
        return outbox.post(
            outbox.Outgoing(
                service=service,
                kind="inquiry_links",
                to=[email],
                subject=_("Links to your inquiries to %(service)s") % {"service": service.name},
                **_bodies("links_mail", context),
                from_name=service.name,
                language=language,
                may_be_kept=False,
            )
        )


def _post(ticket: Ticket, kind: str, *, reply: Comment | None = None, cc: Sequence[str] = ()) -> OutgoingMail:
    language, thread = _language(ticket), list(ticket.mails.values_list("message_id", "direction"))
    with translation.override(language):
        link = "" if cc else link_of(ticket, now=timezone.now())
        context = _context(ticket.service, language) | {"ticket": ticket, "reply": reply, "link": link}
        ids = [message_id for message_id, _direction in thread]
        mail = outbox.post(
            outbox.Outgoing(
                service=ticket.service,
                kind=kind,
                about=ticket.audit_subject,
                to=[ticket.requester.email],
                cc=list(cc),
                subject=_subject(ticket, thread),
                **_bodies(f"{kind}_mail", context),
                in_reply_to=ids[-1] if ids else "",
                references=[*ids[:1], *ids[1:][1 - REFERENCES_MAX :]],
                from_name=ticket.service.name,
                is_automatic=reply is None,
                language=language,
                may_be_kept=False,
            )
        )
    ticket.mails.create(
        comment=reply, service=ticket.service, message_id=mail.message_id, direction=TicketMail.Direction.OUT
    )
    return mail


def _subject(ticket: Ticket, thread: Sequence[tuple[str, str]]) -> str:
    """Returns the thread's subject: ours, or that of the customer's mail with which it began."""
    if thread and thread[0][1] == TicketMail.Direction.IN:
        return f"Re: {ticket.subject}"
    subject = _("Your inquiry #%(number)s to %(service)s") % {"number": ticket.number, "service": ticket.service.name}
    return f"Re: {subject}" if thread else subject


def _context(service: Service, language: str) -> dict[str, Any]:
    texts = text_for(help_center_of(service), language)
    return {"service": service, "signature": texts.signature, "language": language}


def _bodies(template: str, context: dict[str, Any]) -> dict[str, str]:
    return {
        "text": render_to_string(f"tickets/{template}.txt", context),
        "html": render_to_string(f"tickets/{template}.html", context),
    }


def _language(ticket: Ticket) -> str:
    return known_language(ticket.requester.language if ticket.requester else None)
