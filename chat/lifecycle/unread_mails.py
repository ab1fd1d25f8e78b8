"""Mails what an agent has written to a customer who is gone: only what is unread, and each message once.

A message is due after the minutes of Service Management / Chat, if no page of the customer is connected. The mail is
written when it leaves, from what is stored then: what was masked or read meanwhile is not in it. When it has left, or
can't be delivered, the conversation says so.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import outbox, throttle
from agents.mailboxes import address_of
from agents.outbox import kinds
from agents.outbox.kinds import Kind
from agents.outbox.models import OutgoingMail
from chat.abuse import limits
from chat.conversation import messages
from chat.lifecycle.come_back import link_to
from chat.lifecycle.transitions import lock_chat
from chat.models import Chat, ChatMail, MailWait, Message
from chat.routing import jobs, presence
from chat.routing.chat_settings import chat_settings_of
from chat.routing.jobs import Job, Memory
from contiple.base import clock, prepared
from contiple.base.email_addresses import canonical
from contiple.base.errors import TooMany
from helpcenter.access import help_center_of
from helpcenter.texts import text_for

KIND = "unread"
LOOK_AGAIN = timedelta(minutes=1)  # while the customer's page is open, in another tab perhaps
GONE_S = 60  # a page that is loaded again, or a tunnel, is no reason for a mail
# What the conversation says of a mail.
EVENTS = {
    OutgoingMail.State.SENT: "mailed",
    OutgoingMail.State.BOUNCED: "mail_returned",
    OutgoingMail.State.DEAD: "mail_failed",
    OutgoingMail.State.UNSENT: "mail_failed",
}


def register() -> None:
    kinds.register(KIND, Kind(gettext_lazy("Unread chat messages"), make=_make, ended=_tell))


def mail_unread(memory: Memory | None = None) -> None:
    """Posts the mails that are due. Run it every second; each is posted once by many workers.

    It looks at chats in which an agent has written lately, and at no others.
    """
    found = prepared.fetch_found(_due, "chat__service", "pk")
    jobs.run([Job(service_id, partial(_look, chat_id)) for service_id, chat_id in found], memory or Memory())


def _due() -> QuerySet[MailWait]:
    return MailWait.objects.filter(due_at__lt=Now()).order_by("due_at")


def _look(chat_id: int) -> None:
    """Posts the mail, or puts off the look, or ends the wait if there is nothing to wait for."""
    chat = lock_chat(chat_id)
    wait = MailWait.objects.filter(pk=chat_id)
    if not wait.filter(due_at__lt=Now()).exists():
        return
    look_again_at = _look_again_at(chat)
    if look_again_at is None:
        wait.delete()
    else:
        wait.update(due_at=look_again_at)


def _look_again_at(chat: Chat) -> datetime | None:
    """Posts the mail if it is due. Returns when to look again; ``None`` if nothing is left to wait for."""
    unread, settings, now = _unread(chat), chat_settings_of(chat.service), clock.database_now()
    first = unread.order_by("seq").first()
    if first is None or not settings.mail_unread or not chat.customer.email:
        return None
    due_at = first.created_at + timedelta(minutes=settings.mail_unread_minutes)
    if now < due_at:
        return due_at
    if presence.is_customer_here(chat.pk, within_s=GONE_S):
        return now + LOOK_AGAIN
    try:
        _count(chat)
    except TooMany as error:
        return now + max(LOOK_AGAIN, timedelta(seconds=error.retry_after_s))
    _post(chat, unread)
    return None


def _unread(chat: Chat) -> QuerySet[Message]:
    """What the agents have written, and the customer has neither read nor been mailed."""
    return _words(chat, max(chat.customer_read, _mailed_up_to(chat)))


def _words(chat: Chat, after: int) -> QuerySet[Message]:
    return chat.messages.filter(seq__gt=after, author=Message.Author.AGENT, internal=False).exclude(body="")


def _mailed_up_to(chat: Chat) -> int:
    return chat.mails.order_by("-up_to").values_list("up_to", flat=True).first() or 0


def _count(chat: Chat) -> None:
    """Raises ``TooMany`` if the address, which anybody may have typed, or the chat has had enough mails."""
    address = f"{chat.service_id} {canonical(chat.customer.email)}"
    counted = {limits.UNREAD_BY_EMAIL: address, limits.UNREAD_BY_CHAT: str(chat.pk)}
    throttle.count_attempts(counted, now=timezone.now())


def _post(chat: Chat, unread: QuerySet[Message]) -> None:
    after, up_to = _mailed_up_to(chat), unread.order_by("-seq").values_list("seq", flat=True)[0]
    mail = outbox.post(
        outbox.Outgoing(
            service=chat.service,
            kind=KIND,
            about=chat.subject,
            to=[chat.customer.email],
            subject="",
            text="",
            language=chat.language,
            may_be_kept=False,
        )
    )
    ChatMail.objects.create(chat=chat, after=after, up_to=up_to, message_id=mail.message_id)


def _make(row: OutgoingMail) -> outbox.Outgoing | None:
    own = _mail_of(row)
    unread = list(_shown(own)) if own else []
    if own is None or not unread:
        return None
    chat = own.chat
    context = {
        "service": chat.service,
        "language": row.language,
        "messages": unread,
        "chat": chat,
        "link": link_to(chat, now=timezone.now()),
        "signature": text_for(help_center_of(chat.service), row.language).signature,
    }
    return outbox.Outgoing(
        kind=row.kind,
        to=row.to,
        subject=_("New messages from %(service)s") % {"service": chat.service.name},
        text=render_to_string("chat/unread_mail.txt", context),
        html=render_to_string("chat/unread_mail.html", context),
        from_name=chat.service.name,
        reply_to=address_of(chat.service),
        may_be_kept=False,
    )


def _mail_of(row: OutgoingMail) -> ChatMail | None:
    mails = ChatMail.objects.select_related("chat__service__contract", "chat__customer")
    return mails.filter(chat__service=row.service_id, message_id=row.message_id).first()


def _shown(mail: ChatMail) -> QuerySet[Message]:
    """The messages in the mail. A customer who came back meanwhile may have read some."""
    return _words(mail.chat, max(mail.after, mail.chat.customer_read)).filter(seq__lte=mail.up_to).order_by("seq")


def _tell(row: OutgoingMail) -> None:
    """Says in the conversation how the mail went. That it failed is said to agents alone."""
    mail = _mail_of(row)
    event = EVENTS.get(OutgoingMail.State(row.state))
    if mail is None or event is None:
        return
    count = _words(mail.chat, mail.after).filter(seq__lte=mail.up_to).count()
    messages.append_event(lock_chat(mail.chat_id), event, name=str(count), internal=event != "mailed")
