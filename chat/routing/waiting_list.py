"""The waiting chats as an agent sees them, who may take one by hand: in their order, with the customers' places."""

from typing import NamedTuple

from agents.models import Agent
from chat.access import chats_seen_by
from chat.models import Chat
from chat.routing.order import queue_of
from chat.routing.queue import numbered
from chat.topics import Assignment

SHOWN_MAX = 30


class WaitingList(NamedTuple):
    """The first chats, each with its place in its topic, and how many more there are."""

    rows: list[tuple[int, Chat]]
    more: int


def waiting_list(agent: Agent) -> WaitingList:
    """The chats that the router could give to this agent: who is assigned to queues sees those of these queues alone.

    Three queries, however many wait.
    """
    queue = queue_of(agent.service_id)
    places = dict(numbered(queue))
    topics = frozenset(Assignment.objects.filter(agent=agent).values_list("topic", flat=True))
    served = [it.chat_id for it in queue if it.topic_id is None or not topics or it.topic_id in topics]
    chats = chats_seen_by(agent).filter(state=Chat.State.WAITING).in_bulk(served[:SHOWN_MAX])
    rows = [(places[pk], chats[pk]) for pk in served[:SHOWN_MAX] if pk in chats]
    return WaitingList(rows, max(0, len(served) - SHOWN_MAX))
