"""Tells agents that a note names them: by ``@`` and the name. Nothing of the note is kept for that.

A mention gives access to nothing: every agent of the service may read its chats, and nobody else is told. Who is named
twice, or in two notes of a chat, is told once, until the notice is dismissed.
"""

import re
from collections.abc import Iterable

from django.db.models import QuerySet

from agents.chat_permission import permitted_agents
from agents.models import Agent
from chat.alerts import DeskNotice
from chat.conversation import desk_notices, live

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
