"""Mails of a chat to its customer, in the language of the chat. Each is a row of the outbox.

They are written when they leave, from what is stored then: what was masked or read meanwhile is not in them, and the
outbox keeps no copy. The conversation says when one has left. That one can't be delivered, it says to agents alone.
"""

from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import outbox
from agents.mailboxes import address_of
from agents.outbox import kinds
from agents.outbox.kinds import Kind
from agents.outbox.models import OutgoingMail
from chat.conversation import messages
from chat.lifecycle.come_back import link_to
from chat.lifecycle.transitions import lock_chat
from chat.mails import ChatMail
from chat.models import Chat, Message
from helpcenter.access import help_center_of
from helpcenter.texts import text_for

UNREAD, MISSED = "unread", "missed_chat"
State = OutgoingMail.State
# What the conversation says of a mail that is not ``SENT``.
FAILURES = {State.BOUNCED: "mail_returned", State.DEAD: "mail_failed", State.UNSENT: "mail_failed"}


def register() -> None:
    kinds.register(UNREAD, Kind(gettext_lazy("Unread chat messages"), make=_make_unread, ended=_tell))
    kinds.register(MISSED, Kind(gettext_lazy("Missed chat"), make=_make_missed, ended=_tell))


def words_of_agents(chat: Chat, *, after: int) -> QuerySet[Message]:
    """Returns what the agents have written to the customer after the place ``after``, in order."""
    written = chat.messages.filter(seq__gt=after, author=Message.Author.AGENT, internal=False)
    return written.exclude(body="").order_by("seq")


def mailed_up_to(chat: Chat) -> int:
    return chat.mails.order_by("-up_to").values_list("up_to", flat=True).first() or 0


def post(chat: Chat, *, up_to: int) -> None:
    """Posts a mail with what agents wrote since the last one, up to the place ``up_to``; if that is nothing, the one
    that leads to an inquiry. Needs the chat's row lock.
    """
    after = mailed_up_to(chat)
    mail = outbox.post(
        outbox.Outgoing(
            service=chat.service,
            kind=UNREAD if up_to > after else MISSED,
            about=chat.subject,
            to=[chat.customer.email],
            subject="",
            text="",
            language=chat.language,
            may_be_kept=False,
        )
    )
    ChatMail.objects.create(chat=chat, after=after, up_to=up_to, message_id=mail.message_id)


def _make_unread(row: OutgoingMail) -> outbox.Outgoing | None:
    mail = _mail_of(row)
    unread = list(_unread(mail)) if mail else []
    if mail is None or not unread:
        return None
    return _outgoing(row, mail, _("New messages from %(service)s"), {"messages": unread})


def _make_missed(row: OutgoingMail) -> outbox.Outgoing | None:
    mail = _mail_of(row)
    if mail is None:
        return None
    return _outgoing(row, mail, _("Your chat with %(service)s"), {})


def _outgoing(row: OutgoingMail, mail: ChatMail, subject: str, context: dict[str, Any]) -> outbox.Outgoing:
    service = mail.chat.service
    texts = text_for(help_center_of(service), row.language)
    link, days = link_to(mail.chat, now=timezone.now())
    context |= {
        "title": texts.title,
        "language": row.language,
        "chat": mail.chat,
        "link": link,
        "days": days,
        "signature": texts.signature,
    }
    return outbox.Outgoing(
        kind=row.kind,
        to=row.to,
        subject=subject % {"service": texts.title},
        text=render_to_string(f"chat/{row.kind}_mail.txt", context),
        html=render_to_string(f"chat/{row.kind}_mail.html", context),
        from_name=texts.title,
        reply_to=address_of(service),
        may_be_kept=False,
    )


def _mail_of(row: OutgoingMail) -> ChatMail | None:
    mails = ChatMail.objects.select_related("chat__service__contract", "chat__customer")
    return mails.filter(chat__service=row.service_id, message_id=row.message_id).first()


def _unread(mail: ChatMail) -> QuerySet[Message]:
    """The messages in the mail. A customer who came back meanwhile may have read some."""
    after = max(mail.after, mail.chat.customer_read)
    return words_of_agents(mail.chat, after=after).filter(seq__lte=mail.up_to)


def _tell(row: OutgoingMail) -> None:
    """Says in the conversation how the mail went."""
    mail, is_sent = _mail_of(row), row.state == State.SENT
    if mail is None:
        return
    count = words_of_agents(mail.chat, after=mail.after).filter(seq__lte=mail.up_to).count()
    sent = "mailed" if row.kind == UNREAD else "mailed_missed"
    event = sent if is_sent else FAILURES[State(row.state)]
    messages.append_event(lock_chat(mail.chat_id), event, name=str(count or ""), internal=not is_sent)
