"""Tells agents that a note names them: by ``@`` and the name. Nothing of the note is kept for that.

A mention gives access to nothing: every agent of the service may read its chats, and nobody else is told. Who is named
twice, or in two notes of a chat, is told once, until the notice is dismissed, or no note names the agent any more.
"""

import re
from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Now

from agents.chat_permission import permitted_agents
from agents.models import Agent
from chat.alerts import DeskNotice
from chat.conversation import desk_notices, live
from chat.models import Message

SIGN = "@"


def mentionable(service_id: int, *, but: int) -> QuerySet[Agent]:
    """Returns the agents of the service who may chat, by name, without the one who writes."""
    agents = permitted_agents().filter(service=service_id).exclude(pk=but)
    return agents.select_related("user").order_by("user__name", "pk")


def tell(service_id: int, chat_id: int, note: str, *, by_id: int | None, by: str) -> None:
    """Tells whom the (masked) note names. Call it in the note's transaction."""
    if SIGN not in note:
        return
    agents = named_in(note, mentionable(service_id, but=by_id or 0))
    desk_notices.tell(agents, chat_id, DeskNotice.Kind.MENTIONED, by=by)
    for agent in agents:
        live.publish_on_commit(live.agent_topic(agent.pk), live.Touched())


def tell_of_change(note: Message, before: str, *, by: Agent) -> None:
    """Tells whom a changed note names only now, and withdraws what others were told, unless a note names them still.

    ``before`` is its text until now; a note that was deleted has none any more. Call it in the change's transaction.
    """
    if SIGN not in before + note.body:
        return
    agents = list(mentionable(by.service_id, but=by.pk))
    were, are = named_in(before, agents), named_in(note.body, agents)
    fresh, gone = [each for each in are if each not in were], [each for each in were if each not in are]
    if gone:
        left = set(named_in("\n".join(_notes_of(note.chat_id)), agents))
        gone = [each for each in gone if each not in left]
    desk_notices.tell(fresh, note.chat_id, DeskNotice.Kind.MENTIONED, by=by)
    desk_notices.take_back(gone, note.chat_id, DeskNotice.Kind.MENTIONED)
    for agent in [*fresh, *gone]:
        live.publish_on_commit(live.agent_topic(agent.pk), live.Touched())


def _notes_of(chat_id: int) -> QuerySet[Message, str]:
    """The chat's notes of which agents may still be told."""
    notes = Message.objects.filter(chat=chat_id, internal=True, created_at__gt=Now() - desk_notices.KEPT)
    return notes.values_list("body", flat=True)


def named_in(note: str, agents: Iterable[Agent]) -> list[Agent]:
    """Returns whom the note names. The longest name counts; what follows may be a particle. Namesakes are all named."""
    by_name: dict[str, list[Agent]] = {}
    for agent in agents:
        by_name.setdefault(str(agent).casefold(), []).append(agent)
    names = sorted(filter(None, by_name), key=len, reverse=True)
    if not names:
        return []
    pattern = re.compile(rf"(?<![\w.]){SIGN}({'|'.join(map(re.escape, names))})")
    found = dict.fromkeys(match[1] for match in pattern.finditer(note.casefold()))
    return [agent for name in found for agent in by_name[name]]
