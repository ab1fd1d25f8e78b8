"""Mails a chat's transcript to its customer: to the address of the chat, and only after an agent has answered there.

So the form can't be used to send words of one's own to other people. The mail is made when it leaves, masked as the
conversation is then; until then, and afterwards, the outbox has nothing of it.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import outbox, throttle
from agents.outbox import kinds
from agents.outbox.kinds import Kind
from agents.outbox.models import OutgoingMail
from chat.abuse import limits
from chat.conversation.transcript import transcript
from chat.models import Chat
from contiple.base.email_addresses import canonical
from contiple.base.errors import Conflict
from helpcenter.access import help_center_of, title_of
from helpcenter.texts import text_for

KIND = "transcript"
LENGTH_MAX = 200_000  # characters


def register() -> None:
    kinds.register(KIND, Kind(gettext_lazy("Chat transcript"), make=_make))


def can_be_mailed(chat: Chat) -> bool:
    return bool(chat.customer.email and chat.answered_at)


def post_transcript(chat: Chat, *, language: str, offset: int) -> None:
    """Raises ``Conflict`` unless ``can_be_mailed``, and ``TooMany``."""
    if not can_be_mailed(chat):
        raise Conflict(_("This chat can’t be sent by e-mail."))
    email = chat.customer.email
    whose = f"{chat.service_id} {canonical(email)}"
    throttle.count_attempts({limits.TRANSCRIPT_BY_EMAIL: whose}, now=timezone.now())
    with transaction.atomic():
        outbox.post(
            outbox.Outgoing(
                kind=KIND,
                service=chat.service,
                about=f"{chat.subject}:{offset}",
                to=[email],
                subject=_subject(title_of(chat.service, language)),
                text="",
                language=language,
            )
        )


def _make(row: OutgoingMail) -> outbox.Outgoing | None:
    """The mail, in the language that is active; ``None`` if the chat is gone or has another address."""
    _chat, number, offset = row.about.split(":")
    chat = Chat.objects.select_related("customer", "service").filter(pk=number).first()
    if chat is None or [chat.customer.email] != row.to:
        return None
    text = transcript(chat, language=row.language, offset=int(offset), length=LENGTH_MAX)
    texts = text_for(help_center_of(chat.service), row.language)
    return outbox.Outgoing(
        kind=KIND,
        to=row.to,
        subject=_subject(texts.title),
        text=f"{text}\n{texts.signature}\n",
        from_name=texts.title,
    )


def _subject(title: str) -> str:
    return _("Your chat with %(name)s") % {"name": title}
