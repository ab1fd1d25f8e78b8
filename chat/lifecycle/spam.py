"""Marks chats as spam: reports leave them out. For admins, and on record."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from agents import audit
from agents.access import require_admin
from agents.models import Agent
from chat.access import chats_seen_by
from chat.lifecycle.transitions import lock_chat, publish
from chat.models import Chat
from chat.report_sums import count_anew


@transaction.atomic
def mark_spam(by: Agent, chat_id: int, *, is_spam: bool) -> bool:
    """Marks the chat of the admin's service as spam, or as none. False if it is marked so already.

    A day that is summed without the change is counted anew. Locks the chat's row. Raises ``Closed`` unless ``by`` is an
    admin now.
    """
    require_admin(by)
    chat = lock_chat(chat_id, by.service)
    if chat.is_spam == is_spam:
        return False
    Chat.objects.filter(pk=chat.pk).update(is_spam=is_spam)
    audit.record(chat.service_id, "chat.marked_spam" if is_spam else "chat.unmarked_spam", chat.subject, agent=by)
    if not chat.is_open:  # a day with an open chat is not summed
        count_anew(chat.service_id, chat.created_at)
    publish(chat)
    return True


def mark_all_spam(by: Agent, chats: Collection[int]) -> None:
    """Marks the chats of the admin's service among these as spam, each in a transaction of its own."""
    for chat_id in chats_seen_by(by).filter(pk__in=chats, is_spam=False).order_by("pk").values_list("pk", flat=True):
        mark_spam(by, chat_id, is_spam=True)


def spam_of(agent: Agent) -> QuerySet[Chat]:
    """The service's chats that are marked as spam, newest first."""
    return chats_seen_by(agent).filter(is_spam=True).order_by("-created_at", "-pk")
