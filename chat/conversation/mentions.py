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
    agents = named_in(note, mentionable(service_id, but=by_id or 0), but=_names_of(service_id))
    desk_notices.tell(agents, chat_id, DeskNotice.Kind.MENTIONED, by=by)
    for agent in agents:
        live.publish_on_commit(live.agent_topic(agent.pk), live.Touched())


def tell_of_change(note: Message, before: str, *, by: Agent) -> None:
    """Tells whom a changed note names only now, and withdraws what others were told, unless a note names them still.

    ``before`` is its text until now; a note that was deleted has none any more. Call it in the change's transaction.
    """
    if SIGN not in before + note.body:
        return
    agents, names = list(mentionable(by.service_id, but=by.pk)), _names_of(by.service_id)
    were, are = named_in(before, agents, but=names), named_in(note.body, agents, but=names)
    fresh, gone = [each for each in are if each not in were], [each for each in were if each not in are]
    if gone:
        left = set(named_in("\n".join(_notes_of(note.chat_id)), agents, but=names))
        gone = [each for each in gone if each not in left]
    desk_notices.tell(fresh, note.chat_id, DeskNotice.Kind.MENTIONED, by=by)
    desk_notices.take_back(gone, note.chat_id, DeskNotice.Kind.MENTIONED)
    for agent in [*fresh, *gone]:
        live.publish_on_commit(live.agent_topic(agent.pk), live.Touched())


def _notes_of(chat_id: int) -> QuerySet[Message, str]:
    """The chat's notes of which agents may still be told."""
    notes = Message.objects.filter(chat=chat_id, internal=True, created_at__gt=Now() - desk_notices.KEPT)
    return notes.values_list("body", flat=True)


def _names_of(service_id: int) -> list[str]:
    """The names of all the service's agents: whoever can't be told, too, is not somebody with a shorter name."""
    return [str(agent) for agent in Agent.objects.filter(service=service_id).select_related("user")]


def named_in(note: str, agents: Iterable[Agent], *, but: Iterable[str] = ()) -> list[Agent]:
    """Returns whom the note names. The longest name counts, of ``but`` too; namesakes are all named.

    A name ends where the word ends. What Korean sets behind a name without a space may follow: a title, particles.
    """
    by_name: dict[str, list[Agent]] = {}
    for agent in agents:
        by_name.setdefault(_folded(str(agent)), []).append(agent)
    names = sorted({*by_name, *map(_folded, but)} - {""}, key=len, reverse=True)
    if not by_name:
        return []
    pattern = re.compile(rf"(?<![\w.]){SIGN}(?:{'|'.join(map(_ended, names))})")
    found = dict.fromkeys(_folded(match[match.lastindex or 0]) for match in pattern.finditer(note.casefold()))
    return [agent for name in found for agent in by_name.get(name, [])]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _ended(name: str) -> str:
    """The pattern of a whole name, which is its group."""
    words = r"\s+".join(map(re.escape, name.split()))
    return rf"({words}){_KOREAN_END if '가' <= name[-1] <= '힣' else _END}"


# Behind a name in other letters any Korean, Chinese or Japanese is another word: “Theo님”, “Theoさん”.
_END = r"(?![^\W가-힣぀-ヿ一-鿿])"
_TITLES = (
    "님|씨|군|양|쌤|샘|형|누나|언니|오빠|선생|선배|후배|팀장|파트장|센터장|실장|부장|차장|과장|대리|주임|사원|이사|대표|매니저|"
    "리더|상담사|상담원|담당자"
)
_PARTICLES = (
    "은|는|이|가|을|를|과|와|의|도|만|에|에게|에게서|한테|한테서|께|께서|랑|이랑|하고|아|야|여|으로|로|보다|부터|까지|처럼|같이|"
    "마저|조차|밖에|이나|나|라도|이라도|라고|이라고|란|요|이요|이고|이며|이면|인|입니다|이에요|예요"
)
_KOREAN_END = rf"(?:{_TITLES}){{0,3}}(?:{_PARTICLES}){{0,3}}(?!\w)"
