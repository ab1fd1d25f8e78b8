"""Moves many chats at once: what an admin does when an agent has too many, or goes home.

Each chat is moved in a transaction of its own, so that one that can't be moved keeps no other from it.
"""

from collections.abc import Collection, Iterator
from functools import partial
from typing import NamedTuple

from agents.access import require_admin
from agents.models import Agent
from chat.alerts import DeskNotice
from chat.conversation import desk_notices
from chat.lifecycle.transfer import hand_to, send_back
from chat.models import Chat
from chat.routing.assignment import assign_waiting_chats
from chat.topics import Topic
from contiple.base.errors import DomainError

MOVED_AT_ONCE = 200


class Move(NamedTuple):
    """Where chats go: to an agent, by id; else to the queue, of ``topic`` or each its own. Agents read ``note``."""

    agent_id: int | None = None
    topic: Topic | None = None
    note: str = ""


class Moved(NamedTuple):
    """The number of chats that were moved, and why which customers' chats were not: names by reason."""

    number: int
    refused: dict[str, list[str]]


def move_chats(admin: Agent, chats: Collection[int], move: Move) -> Moved:
    """Moves those of the service's chats, oldest first, ``MOVED_AT_ONCE`` at most.

    Who loses chats is told once, with their number. Raises ``Closed`` unless ``admin`` is an admin.
    """
    require_admin(admin)
    number, refused, losers = 0, dict[str, list[str]](), _Losers(admin)
    act = partial(send_back, topic=move.topic) if move.agent_id is None else partial(hand_to, to_id=move.agent_id)
    for chat_id, name in _found(admin, chats):
        try:
            losers.note(act(admin, chat_id, note=move.note, tell=losers.tell), chat_id)
        except DomainError as error:
            refused.setdefault(str(error.text), []).append(name)
        else:
            number += 1
    if number and move.agent_id is None:
        assign_waiting_chats(admin.service_id)
    return Moved(number, refused)


class _Losers:
    """Tells each agent of all chats that were moved away in one notice, which names the first of them."""

    def __init__(self, admin: Agent) -> None:
        self.admin = admin
        self.lost: dict[int, tuple[int, int]] = {}  # by agent: the first chat, and how many

    def tell(self, agent: Agent, chat: Chat) -> None:
        """Called in the transaction of the move: the notice is there if and only if the chat has moved."""
        if agent.pk == self.admin.pk:
            return
        first, number = self.lost.get(agent.pk, (chat.pk, 0))
        desk_notices.tell([agent], first, DeskNotice.Kind.TAKEN_OVER, by=self.admin, moved=number + 1)

    def note(self, loser: Agent | None, chat_id: int) -> None:
        """The transaction is committed."""
        if loser:
            first, number = self.lost.get(loser.pk, (chat_id, 0))
            self.lost[loser.pk] = (first, number + 1)


def _found(admin: Agent, chats: Collection[int]) -> Iterator[tuple[int, str]]:
    found = Chat.objects.filter(service=admin.service_id, pk__in=chats).order_by(*Chat.QUEUE_ORDER)
    yield from found.values_list("pk", "customer__name")[:MOVED_AT_ONCE]
