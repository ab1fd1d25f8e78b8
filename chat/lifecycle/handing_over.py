"""What an agent chooses when a chat is handed over: a colleague, or a queue."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agents.models import Agent
from chat.lifecycle.transfer import return_to_queue, transfer_chat
from chat.models import Chat
from chat.routing.standing import Standing, nearness, standings_of
from chat.routing.topics import active_topics, topic_of_key
from chat.topics import Topic
from contiple.base import clock
from contiple.base.errors import Conflict

TO_QUEUE = "queue:"  # what a form sends for a queue, followed by its key; without one: the queue that the chat is of


@dataclass(frozen=True)
class Queue:
    """A queue to which a chat can go. ``free`` counts the colleagues who could take it from there now."""

    topic: Topic | None
    free: int
    is_own: bool = False

    def __str__(self) -> str:
        if not self.is_own:
            return str(self.topic)
        return _("Back to the queue: %(queue)s") % {"queue": self.topic} if self.topic else _("Back to the queue")

    @property
    def value(self) -> str:
        return TO_QUEUE if self.is_own or not self.topic else TO_QUEUE + self.topic.key


def hand_over(agent: Agent, chat_id: int, to: str, note: str = "") -> Chat:
    """Does what the form says: transfers the chat to the colleague of that id, or returns it to a queue (``TO_QUEUE``).

    Raises as ``transfer_chat``, and ``Conflict`` for a queue that can't be chosen any more.
    """
    if not to.startswith(TO_QUEUE):
        return transfer_chat(agent, chat_id, int(to) if to.isdecimal() and len(to) <= 10 else 0, note)
    key = to.removeprefix(TO_QUEUE)
    topic = topic_of_key(agent.service, key)
    if key and topic is None:
        raise Conflict(_("This queue is not active any more. Choose another one."))
    return return_to_queue(agent, chat_id, note, topic=topic)


def colleagues_of(agent: Agent) -> list[Standing]:
    """The agent's colleagues: first those who could take a chat, the least loaded first; then the others."""
    others = [each for each in standings_of(agent.service_id, clock.database_now()) if each.agent_id != agent.pk]
    return sorted(others, key=lambda each: (nearness(each), each.load / (each.limit or 1), each.name))


def queues_of(chat: Chat, colleagues: Iterable[Standing]) -> list[Queue]:
    """Returns the queue that the chat is of, then the other active ones. ``colleagues`` are all of the agent's."""
    free = [each for each in colleagues if each.is_free]
    others = [topic for topic in active_topics(chat.service) if topic.pk != chat.topic_id]
    own = Queue(chat.topic, sum(each.serves(chat.topic_id) for each in free), is_own=True)
    return [own, *(Queue(topic, sum(each.serves(topic.pk) for each in free)) for topic in others)]
