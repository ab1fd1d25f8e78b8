"""Finds what is to be mailed to customers who are gone: what agents wrote and they have not read, each message once.

A message is due after the minutes of Service Management / Chat, if no page of the customer is connected. If a chat
ended before any agent had come, its customer is mailed the way to leave an inquiry.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from agents import throttle
from chat.abuse import limits
from chat.follow_ups import registered
from chat.lifecycle import customer_mails
from chat.lifecycle.customer_mails import mailed_up_to, words_of_agents
from chat.lifecycle.transitions import lock_chat
from chat.mails import MailWait
from chat.models import Chat, Message
from chat.routing import jobs, presence
from chat.routing.chat_settings import chat_settings_of
from chat.routing.jobs import Job, Memory
from contiple.base import clock, prepared
from contiple.base.email_addresses import canonical
from contiple.base.errors import TooMany

LOOK_AGAIN = timedelta(minutes=1)  # while the customer's page is open, in another tab perhaps
GONE_S = 60  # a page that is loaded again, or a tunnel, is no reason for a mail


def mail_unread(memory: Memory | None = None) -> None:
    """Posts the mails that are due. Run it every second; each is posted once by many workers.

    It looks at chats in which an agent has written lately or that ended unanswered, and at no others.
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
    look_again_at = _look_again_at(chat, clock.database_now())
    if look_again_at is None:
        wait.delete()
    else:
        wait.update(due_at=look_again_at)


def _look_again_at(chat: Chat, now: datetime) -> datetime | None:
    """Posts the mail if it is due. Returns when to look again; ``None`` if nothing is left to wait for."""
    due_at, up_to = _due_mail(chat)
    if due_at is None:
        return None
    if now < due_at:
        return due_at
    if presence.is_customer_here(chat.pk, within_s=GONE_S):
        return now + LOOK_AGAIN
    try:
        _count(chat)
    except TooMany as error:
        return now + max(LOOK_AGAIN, timedelta(seconds=error.retry_after_s))
    customer_mails.post(chat, up_to=up_to)
    return None


def _due_mail(chat: Chat) -> tuple[datetime | None, int]:
    """Returns when a mail is due, and up to which message; ``None`` if there is none to send.

    A mail up to the place that was mailed already has no message: it leads to an inquiry.
    """
    settings, mailed = chat_settings_of(chat.service), mailed_up_to(chat)
    is_welcome = not chat.service.is_stopped and chat.closed_by != Chat.ClosedBy.BLOCKED
    if not settings.mail_unread or not chat.customer.email or not is_welcome:
        return None, 0
    unread = list(words_of_agents(chat, after=max(chat.customer_read, mailed)).values_list("created_at", "seq"))
    if unread:
        return unread[0][0] + timedelta(minutes=settings.mail_unread_minutes), unread[-1][1]
    return (chat.closed_at if _wants_inquiry(chat) else None), mailed


def _wants_inquiry(chat: Chat) -> bool:
    """Whether the customer wrote something that nobody has answered, and has done nothing about it since."""
    if not chat.ended_unanswered or chat.mails.filter(after=F("up_to")).exists():
        return False
    answer = words_of_agents(chat, after=0).last()
    wrote = chat.messages.filter(author=Message.Author.CUSTOMER, seq__gt=answer.seq if answer else 0).exists()
    came_again = Chat.objects.filter(customer=chat.customer_id, pk__gt=chat.pk).exists()
    return wrote and not came_again and not registered().made_from([chat])


def _count(chat: Chat) -> None:
    """Raises ``TooMany`` if the address, which anybody may have typed, or the chat has had enough mails."""
    address = f"{chat.service_id} {canonical(chat.customer.email)}"
    counted = {limits.UNREAD_BY_EMAIL: address, limits.UNREAD_BY_CHAT: str(chat.pk)}
    throttle.count_attempts(counted, now=timezone.now())
