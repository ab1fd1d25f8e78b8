"""Marks chats as spam: reports leave them out. It is on record.

For admins, and for the agent who has the chat and sees first what it is. But nobody takes a bad evaluation out of the
reports alone: a chat that its customer has evaluated is for admins.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import active_admins
from agents.chat_permission import may_chat, permitted_agents
from agents.models import Agent
from chat.access import chats_seen_by
from chat.conversation.evaluations import evaluation_of
from chat.lifecycle.transitions import lock_chat, publish
from chat.models import Chat
from chat.report_sums import count_anew
from contiple.base.errors import Closed


def may_mark(agent: Agent, chat: Chat) -> bool:
    """Says whether this agent, as loaded, may mark the chat, as loaded: an admin, or the agent whose chat it is."""
    return agent.is_admin or (may_chat(agent) and _is_left_to(agent, chat))


@transaction.atomic
def mark_spam(by: Agent, chat_id: int, *, is_spam: bool) -> bool:
    """Marks the chat of the agent's service as spam, or as none. False if it is marked so already.

    A day that is summed without the change is counted anew. Locks the chat's row. Raises ``Closed`` unless ``by`` may
    mark it (``may_mark``) now.
    """
    chat = lock_chat(chat_id, by.service)
    _require_right(by, chat)
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


def _is_left_to(agent: Agent, chat: Chat) -> bool:
    given = evaluation_of(chat)
    return chat.agent_id == agent.pk and chat.state != Chat.State.RINGING and not (given and given.score)


def _require_right(by: Agent, chat: Chat) -> None:
    if active_admins(by.service_id).filter(pk=by.pk).exists():
        return
    if not (permitted_agents().filter(pk=by.pk).exists() and _is_left_to(by, chat)):
        raise Closed(_("Only an admin can mark this chat."))


def spam_of(agent: Agent) -> QuerySet[Chat]:
    """The service's chats that are marked as spam, newest first."""
    return chats_seen_by(agent).filter(is_spam=True).order_by("-created_at", "-pk")
