"""Files a mail that came in: a ticket of its own, or an answer to one. A mail that comes twice is filed once.

Everything is masked before it is saved. Nothing is lost: what becomes no ticket is kept with the reason. What a mail
says of its sender proves nothing: only a Message-ID that we made, which nobody can guess, leads into a ticket's thread,
or to the chat whose unread messages were mailed (`chat_answers`).
"""

from datetime import datetime

from django.db import transaction

from agents import throttle
from agents.mailboxes import is_mailbox
from agents.models import Service
from agents.models_mailboxes import ServiceMailbox
from agents.outbox.models import OutgoingMail
from chat.abuse import blocks
from chat.masking.concealing import conceal
from contiple.base.errors import Invalid
from contiple.base.texts import one_line
from helpcenter.customers import NAME_LENGTH_MAX, customer_for_inquiry
from helpcenter.models import Customer
from tickets.answering import mails
from tickets.answering.conversation import Answered, add_customer_answer
from tickets.lifecycle import Draft, create_ticket
from tickets.mail import chat_answers, limits, returned
from tickets.mail.known import told_apart
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import Mail
from tickets.mail.parts import Note
from tickets.masking.quoted import conceal_quotes
from tickets.models import SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX, Ticket, TicketMail
from tickets.numbering import lock_counter

Reason = ReceivedMail.Reason
_IN, _OUT = TicketMail.Direction.IN, TicketMail.Direction.OUT


@transaction.atomic
def file_mail(mailbox: ServiceMailbox, mail: Mail, *, now: datetime, sealed: bytes | None = None) -> ReceivedMail:
    """Files the mail and returns its row; of a mail that came before, the row of that time.

    ``sealed`` is the whole mail, encrypted, if it could not be read.

    Raises ``TooMany`` if the service has had too much mail: nothing is stored then, and it can come again. Locks
    Service, then Chat, then Ticket.
    """
    service = mailbox.service
    lock_counter(service)
    mail = told_apart(service, mail)
    known = ReceivedMail.objects.filter(service=service, message_id=mail.message_id).first()
    if known:
        return known
    throttle.count_attempt(limits.MAIL_BY_SERVICE, str(service.pk), now=now)
    ServiceMailbox.objects.filter(pk=mailbox.pk).update(last_mail_at=now)
    row = _row(service, mail, now)
    row.reason = _reason(service, mail, now)
    if row.reason == Reason.FILED:
        _file(row, mail, now)
    elif mail.bounce and row.reason == Reason.BOUNCE:
        row.ticket = returned.mark_returned(service, mail.bounce)
    if row.reason != Reason.FILED:
        row.text, row.folded = conceal(service, mail.words.new), conceal(service, _folded(mail))
        row.sealed = sealed
    row.save()
    return row


def _row(service: Service, mail: Mail, now: datetime) -> ReceivedMail:
    return ReceivedMail(
        service=service,
        message_id=mail.message_id,
        digest=mail.digest,
        from_name=one_line(conceal(service, mail.sender.name), NAME_LENGTH_MAX),
        from_address=mail.sender.email,
        subject=one_line(conceal(service, mail.subject), SUBJECT_LENGTH_MAX),
        files=[conceal(service, name) for name in mail.files],
        notes=sorted(mail.notes),
        size=mail.size,
        received_at=now,
    )


def _reason(service: Service, mail: Mail, now: datetime) -> Reason:
    """Returns why the mail is not to be filed, ``FILED`` if it is. A program's mail is never counted as a person's."""
    if _is_ours(mail):
        return Reason.LOOP
    if Note.UNREADABLE in mail.notes:
        throttle.count_attempt(limits.UNREADABLE_BY_SERVICE, str(service.pk), now=now)
        return Reason.UNREADABLE
    if mail.bounce is not None:
        return Reason.BOUNCE
    if mail.is_automatic:
        return Reason.AUTOMATIC
    if not mail.sender.email:
        return Reason.NO_SENDER
    if not (mail.words.new or mail.subject or mail.files):
        return Reason.EMPTY
    sender = f"{service.pk} {mail.sender.email}"
    return Reason.FILED if throttle.allow(limits.MAIL_BY_SENDER, sender, now=now) else Reason.TOO_MANY


def _is_ours(mail: Mail) -> bool:
    """Whether this installation sent the mail, or another mailbox of it did: they would go on for ever."""
    return OutgoingMail.objects.filter(message_id=mail.message_id).exists() or is_mailbox(mail.sender.email)


def _file(row: ReceivedMail, mail: Mail, now: datetime) -> None:
    """Makes the ticket or the answer, or says in ``row`` why it can't."""
    chat_mail = chat_answers.chat_mail_of(row.desk, mail.answers)
    try:
        requester = _requester(row, mail)
        for writer in (requester.pk, chat_mail.chat.customer_id if chat_mail else 0):
            blocks.require_not_blocked(row.desk.pk, customer_id=writer)
    except Invalid:
        row.reason = Reason.NO_SENDER
        return
    except blocks.Blocked:
        row.reason = Reason.BLOCKED
        return
    text, rest = _divided(mail.words.new)
    row.folded = conceal(row.desk, _folded(mail, rest))
    of_chat = chat_answers.lock(chat_mail) if chat_mail else None
    if asked := _thread_of(row.desk, mail) or of_chat:
        done = _answered(asked, text or row.subject, requester)
    elif chat_mail:
        done = chat_answers.make_ticket(chat_mail, text or row.subject)
    else:
        done = _made(row, mail, text, requester)
    row.ticket, row.comment = done.ticket, done.comment
    if chat_mail:
        chat_answers.tell_agents(chat_mail, done.ticket)
    row.folded = conceal_quotes(done.ticket, row.folded)
    _note(row, mail)
    if done.comment is None and not mail.wants_no_answer:
        _confirm(row, now)


def _requester(row: ReceivedMail, mail: Mail) -> Customer:
    """Returns the customer with the sender's name and address. Raises ``Invalid`` for an address that is none."""
    local = conceal(row.desk, mail.sender.email.partition("@")[0])
    for name in (row.from_name, local):
        try:
            return customer_for_inquiry(row.desk, name=name, email=mail.sender.email, language=mail.language)
        except Invalid as error:
            if error.code != "name":
                raise
    raise Invalid("", code="name")


def _thread_of(service: Service, mail: Mail) -> Ticket | None:
    """Returns the ticket of the newest mail that this one answers.

    Our own ids can't be guessed. Those of customers may be, so they count only between mails of one sender.
    """
    rows = TicketMail.objects.filter(service=service, message_id__in=mail.answers).select_related("ticket__service")
    known = {row.message_id: row for row in rows.defer("ticket__search")}
    for each in (known[answered] for answered in mail.answers if answered in known):
        if each.direction == _OUT or each.from_address == mail.sender.email:
            return each.ticket
    return None


def _answered(ticket: Ticket, text: str, sender: Customer) -> Answered:
    return add_customer_answer(ticket, text, name=sender.name, channel=Ticket.Channel.MAIL)


def _made(row: ReceivedMail, mail: Mail, text: str, requester: Customer) -> Answered:
    subject = mail.subject or one_line(mail.words.new, SUBJECT_LENGTH_MAX) or ", ".join(mail.files)
    draft = Draft(channel=Ticket.Channel.MAIL, subject=subject, body=text, requester=requester)
    return Answered(create_ticket(row.desk, draft), None)


def _note(row: ReceivedMail, mail: Mail) -> None:
    """Makes the mail one of the ticket's thread."""
    assert row.ticket is not None
    requester = row.ticket.requester
    is_requester = requester is not None and requester.email.lower() == mail.sender.email and mail.is_sender_sure
    row.ticket.mails.create(
        service=row.desk,
        comment=row.comment,
        message_id=mail.message_id,
        direction=_IN,
        from_address=mail.sender.email,
        is_from_requester=is_requester,
    )


def _confirm(row: ReceivedMail, now: datetime) -> None:
    """Tells the requester the number, a few times an hour: the sender may be forged, and somebody else gets it."""
    assert row.ticket is not None
    requester = row.ticket.requester
    if requester is None or not requester.email:
        return
    if throttle.allow(limits.CONFIRMATION_BY_SENDER, requester.email.lower(), now=now):
        mails.post_confirmation(row.ticket)


def _divided(text: str) -> tuple[str, str]:
    """Returns what fits into a ticket, and the rest; cut at the end of a line if one is near."""
    if len(text) <= TEXT_LENGTH_MAX:
        return text, ""
    near = text.rfind("\n", TEXT_LENGTH_MAX // 2, TEXT_LENGTH_MAX)
    cut = near if near > 0 else TEXT_LENGTH_MAX
    return text[:cut].rstrip(), text[cut:].lstrip("\n")


def _folded(mail: Mail, rest: str = "") -> str:
    return "\n\n".join(filter(None, [rest, mail.words.signature, mail.words.quoted]))
