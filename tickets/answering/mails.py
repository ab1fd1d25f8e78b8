"""Mails about a ticket to its customer, in the customer's language. Each is a row of the outbox.

They are written when they leave, from what is stored then: what was masked meanwhile is masked in them too, and the
outbox keeps no copy. All mails of a ticket are one thread in any mail program: one subject, and each names those
before. If a customer's own mail began the thread, that is its subject. Else the subject has no word that anybody typed,
since it is read on locked screens; nor has a confirmation, since anybody can have one sent to any address.
"""

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import outbox
from agents.mailboxes import address_of
from agents.models import Service
from agents.outbox.kinds import Kind, register
from agents.outbox.models import OutgoingMail
from helpcenter.access import help_center_of
from helpcenter.texts import known_language, text_for
from tickets.answering.links import link_of, tickets_of_email
from tickets.models import Comment, Ticket, TicketMail

INQUIRY, REPLY, LINKS, RETURNED = "inquiry", "reply", "inquiry_links", "mail_returned"
LINKS_MAX = 10  # in one mail: the tickets that changed last
REFERENCES_MAX = 20  # the first and the latest: programs look at these, and lines of headers have an end


def register_kinds() -> None:
    register(RETURNED, Kind(gettext_lazy("Returned reply")))
    register(INQUIRY, Kind(gettext_lazy("Number of an inquiry"), make=_make_of_ticket))
    register(REPLY, Kind(gettext_lazy("Reply"), make=_make_of_ticket))
    register(LINKS, Kind(gettext_lazy("Links to inquiries"), make=_make_links))


def is_reachable(ticket: Ticket) -> bool:
    """Whether mails can be sent to the requester."""
    return ticket.requester is not None and bool(ticket.requester.email)


def post_confirmation(ticket: Ticket) -> OutgoingMail:
    """Posts the mail that tells a customer the number of the inquiry. Needs a transaction, as all here do."""
    return _post(ticket, INQUIRY)


def post_reply(ticket: Ticket, reply: Comment, *, cc: Sequence[str] = ()) -> OutgoingMail:
    """Posts an agent's reply. With readers in ``cc`` it has no link, which is the customer's own."""
    return _post(ticket, REPLY, reply=reply, cc=cc)


def post_links(service: Service, email: str, *, language: str) -> OutgoingMail:
    """Asks for new links. Whether the address has inquiries is looked up by the worker: the request tells nothing."""
    wish = outbox.Outgoing(
        service=service, kind=LINKS, to=[email], subject="", text="", language=language, may_be_kept=False
    )
    return outbox.post(wish)


def _post(ticket: Ticket, kind: str, *, reply: Comment | None = None, cc: Sequence[str] = ()) -> OutgoingMail:
    requester = ticket.requester
    assert requester is not None
    mail = outbox.post(
        outbox.Outgoing(
            service=ticket.service,
            kind=kind,
            about=ticket.audit_subject,
            to=[requester.email],
            cc=list(cc),
            subject="",
            text="",
            is_automatic=reply is None,
            language=known_language(requester.language),
            may_be_kept=False,
        )
    )
    direction = TicketMail.Direction.OUT
    ticket.mails.create(comment=reply, service=ticket.service, message_id=mail.message_id, direction=direction)
    return mail


def _make_of_ticket(row: OutgoingMail) -> outbox.Outgoing | None:
    """A confirmation or a reply, in its place in the thread."""
    related = TicketMail.objects.select_related("ticket__service__contract", "ticket__requester", "comment")
    own = related.defer("ticket__search").filter(service=row.service_id, message_id=row.message_id).first()
    if own is None:
        return None
    ticket, earlier = own.ticket, list(own.ticket.mails.filter(pk__lt=own.pk).values_list("message_id", "direction"))
    link = "" if row.cc else link_of(ticket, now=timezone.now())
    context = _context(ticket.service, row.language) | {"ticket": ticket, "reply": own.comment, "link": link}
    ids = [message_id for message_id, _direction in earlier]
    return outbox.Outgoing(
        kind=row.kind,
        to=row.to,
        cc=row.cc,
        subject=_subject(ticket, context["title"], earlier),
        text=render_to_string(f"tickets/{row.kind}_mail.txt", context),
        html=render_to_string(f"tickets/{row.kind}_mail.html", context),
        in_reply_to=ids[-1] if ids else "",
        references=[*ids[:1], *ids[1:][1 - REFERENCES_MAX :]],
        from_name=context["title"],
        reply_to=context["mailbox"],
        may_be_kept=False,
    )


def _make_links(row: OutgoingMail) -> outbox.Outgoing | None:
    """New links to the tickets of the address, sent to it as the requester wrote it."""
    tickets = list(tickets_of_email(row.service, row.to[0])[:LINKS_MAX]) if row.service else []
    requester = tickets[0].requester if tickets else None
    if requester is None:
        return None
    now, service = timezone.now(), tickets[0].service
    context = _context(service, row.language) | {"links": [(it.number, link_of(it, now=now)) for it in tickets]}
    return outbox.Outgoing(
        kind=row.kind,
        to=[requester.email],
        subject=_("Links to your inquiries to %(service)s") % {"service": context["title"]},
        text=render_to_string("tickets/links_mail.txt", context),
        html=render_to_string("tickets/links_mail.html", context),
        from_name=context["title"],
        may_be_kept=False,
    )


def _subject(ticket: Ticket, title: str, thread: Sequence[tuple[str, str]]) -> str:
    """Returns the thread's subject: ours, or that of the customer's mail with which it began."""
    if thread and thread[0][1] == TicketMail.Direction.IN:
        return f"Re: {ticket.subject}"
    subject = _("Your inquiry #%(number)s to %(service)s") % {"number": ticket.number, "service": title}
    return f"Re: {subject}" if thread else subject


def _context(service: Service, language: str) -> dict[str, Any]:
    texts = text_for(help_center_of(service), language)
    return {
        "title": texts.title,
        "signature": texts.signature,
        "language": language,
        "mailbox": address_of(service),
    }
