"""Keeps what an agent is writing in a chat, so that another tab or device of the same agent goes on with it.

A draft is masked as everything that is stored, and keeps no originals: elsewhere its masks are asterisks, while the tab
in which it is typed still has the words. A draft never takes the place of one that its writer has not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.conversation.entries import Entry
from chat.draft import ChatDraft
from chat.masking.concealing import conceal
from chat.models import Chat, Message
from contiple.base.clock import database_now
from contiple.base.errors import Conflict, Invalid
from contiple.base.texts import MESSAGE_LENGTH_MAX, can_be_stored

REPLY, NOTE = "reply", "note"


@dataclass(frozen=True)
class Typed:
    """What is in the composer now. ``seen`` is the stamp of the draft that the page knows; empty for none."""

    body: str
    seen: str = ""
    internal: bool = False


class Newer(Conflict):
    """Another page of the agent has kept a ``draft`` that this one has not seen."""

    code = "newer"

    def __init__(self, draft: ChatDraft) -> None:
        super().__init__(_("Something else was written on another device."))
        self.draft = draft


def unsent(agent: Agent, chat: Chat, latest: Sequence[Entry]) -> dict[str, dict[str, str]]:
    """Returns stamp and text of the agent's drafts in the chat, by ``REPLY`` and ``NOTE``. One query.

    ``latest`` are the chat's last messages: a draft that was sent, but whose page was gone before it could say so, has
    no text any more.
    """
    found = ChatDraft.objects.filter(chat=chat, agent=agent)
    return {
        NOTE if draft.internal else REPLY: {"stamp": draft.stamp, "body": _unsent_body(draft, str(agent), latest)}
        for draft in found
    }


@transaction.atomic
def keep_draft(agent: Agent, chat: Chat, typed: Typed) -> ChatDraft | None:
    """Keeps what is typed in place of what was; nothing if the box is empty. Locks the chat's row.

    Raises ``Newer``, ``Invalid`` for a text that can't be stored, and ``Conflict`` if nothing can be sent any more.
    """
    if len(typed.body) > MESSAGE_LENGTH_MAX or not can_be_stored(typed.body):
        raise Invalid(_("The text has characters that can’t be stored."))
    body = conceal(agent.service, typed.body) if typed.body.strip() else ""
    _require_writer(agent, Chat.objects.select_for_update(no_key=True).get(pk=chat.pk), typed)
    draft = ChatDraft.objects.filter(chat=chat, agent=agent, internal=typed.internal).first()
    if draft and draft.stamp != typed.seen:
        if draft.body != body:
            raise Newer(draft)
        return draft
    if not body:
        if draft:
            draft.delete()
        return None
    draft = draft or ChatDraft(chat=chat, agent=agent, internal=typed.internal)
    draft.body, draft.updated_at = body, database_now()
    draft.save()
    return draft


def forget_all(chat: Chat) -> None:
    """Deletes the drafts in a chat that ends. Needs its row lock."""
    ChatDraft.objects.filter(chat=chat).delete()


def _require_writer(agent: Agent, chat: Chat, typed: Typed) -> None:
    is_own = chat.agent_id == agent.pk and chat.state == Chat.State.ACTIVE
    if not chat.is_open or not (is_own or typed.internal):
        raise Conflict(_("This chat is no longer yours."), code="not_yours")


def _unsent_body(draft: ChatDraft, name: str, latest: Sequence[Entry]) -> str:
    """The draft's text; empty if the agent has sent it since. The last keys before a message may not have been kept."""
    typed = draft.body.strip()
    sent = (
        entry
        for entry in latest
        if (entry.author, entry.name, entry.internal) == (Message.Author.AGENT, name, draft.internal)
    )
    is_sent = any(entry.created_at >= draft.updated_at and entry.body.startswith(typed) for entry in sent)
    return "" if is_sent else draft.body
