"""The Wallboard: a service's agents, its queue, its open chats and today's figures, as they are at one moment.

It is read anew every few seconds, in a number of queries that doesn't depend on how much is going on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from agents.models import Agent
from agents.status import reason_in_words
from chat import access
from chat.abuse.crowds import Place
from chat.conversation.history import WAITING, WITH_AGENT
from chat.models import Chat
from chat.operating_hours import zone_of
from chat.reports.counting import counts_of
from chat.reports.groupings import TOTAL
from chat.reports.marks import Figures
from chat.reports.periods import last_days
from chat.routing.chat_settings import chat_settings_of
from chat.routing.order import queue_of
from chat.routing.standing import Availability, Standing, in_words, nearness, room_of, seats_of, standings_of
from chat.routing.topics import active_topics
from chat.topics import Topic
from contiple.base.clock import database_now

WAITING_SHOWN = HELD_SHOWN = 100  # each has its own places: however many wait, those with an agent are there
_AWAY = {Availability.NO_PERMISSION, Availability.NO_CONTRACT}


@dataclass(frozen=True)
class Seat:
    """An agent who may chat, and the agent's open chats, the longest unanswered first."""

    agent: Agent
    standing: Standing
    chats: Sequence[Chat]

    @property
    def state(self) -> str:
        """The chat status; ``gone`` for an agent who is Online and not connected."""
        is_gone = self.standing.availability == Availability.UNREACHABLE
        return "gone" if is_gone else self.agent.chat_status

    @property
    def words(self) -> str:
        """The status; for an agent who is Online without being connected, that."""
        return in_words(self.standing) if self.state == "gone" else str(self.agent.get_chat_status_display())

    @property
    def reason(self) -> str:
        return reason_in_words(self.agent.break_reason) if self.state == Agent.ChatStatus.BREAK else ""

    @property
    def active(self) -> int:
        return sum(chat.state == Chat.State.ACTIVE for chat in self.chats)

    @property
    def ringing(self) -> int:
        return sum(chat.state == Chat.State.RINGING for chat in self.chats)

    @property
    def waits_since(self) -> datetime | None:
        """Since when the first of the agent's customers has been waiting for an answer."""
        return earliest(chat.customer_waits_since for chat in self.chats if chat.state == Chat.State.ACTIVE)


@dataclass(frozen=True)
class Queue:
    """A queue: who waits in it, and for how many chats more its agents have room now."""

    name: str
    waiting: int
    since: datetime | None
    online: int
    room: int


@dataclass(frozen=True)
class Listed:
    """The first chats of a kind, and how many more there are; ``ended`` finds all of them in Chat History."""

    chats: Sequence[Chat]
    more: int
    ended: str


@dataclass(frozen=True)
class Board:
    now: datetime
    target_s: int
    seats: Sequence[Seat]
    places: Sequence[Place]
    waiting: Listed
    held: Listed
    topics: Sequence[Topic]
    today: Figures

    @property
    def now_ms(self) -> int:
        """The moment by the database, as scripts count: a computer whose clock is wrong shows right times."""
        return int(self.now.timestamp() * 1000)

    @property
    def has_chats(self) -> bool:
        return bool(self.waiting.chats or self.held.chats)

    @property
    def waiting_since(self) -> datetime | None:
        return earliest(place.came_at for place in self.places)

    @cached_property
    def unanswered(self) -> int:
        return len(self._unanswered)

    @property
    def unanswered_since(self) -> datetime | None:
        return earliest(chat.customer_waits_since for chat in self._unanswered)

    @property
    def active(self) -> int:
        return sum(seat.active for seat in self.seats)

    @property
    def ringing(self) -> int:
        return sum(seat.ringing for seat in self.seats)

    @property
    def room(self) -> int:
        return room_of(seat.standing for seat in self.seats)

    @property
    def places_of_all(self) -> int:
        """How many chats the agents who are Online and connected can have."""
        return seats_of(seat.standing for seat in self.seats)

    @property
    def statuses(self) -> list[tuple[str, str, int]]:
        """Each chat status, its label, and how many agents have it."""
        found = [seat.agent.chat_status for seat in self.seats]
        return [(str(status), str(status.label), found.count(status.value)) for status in Agent.ChatStatus]

    @property
    def queues(self) -> list[Queue]:
        """The active queues, and the chats of none; nothing if the service has no queues."""
        if not self.topics:
            return []
        named: list[tuple[int | None, str]] = [(topic.pk, str(topic)) for topic in self.topics]
        return [self._queue(topic_id, name) for topic_id, name in [*named, (None, _("No queue"))]]

    @property
    def targets(self) -> list[tuple[str, str]]:
        """The agents who can take a chat now, the least loaded first: the value of a form, and who it is."""
        free = [seat.standing for seat in self.seats if seat.standing.is_free]
        free.sort(key=lambda it: (it.load / (it.limit or 1), it.name))
        return [offered_as(it) for it in free]

    @cached_property
    def _unanswered(self) -> list[Chat]:
        own = [chat for seat in self.seats for chat in seat.chats if chat.state == Chat.State.ACTIVE]
        return [chat for chat in own if chat.customer_waits_since]

    def _queue(self, topic_id: int | None, name: str) -> Queue:
        places = [place for place in self.places if place.topic_id == topic_id]
        agents = [seat.standing for seat in self.seats if seat.standing.serves(topic_id)]
        since = earliest(place.came_at for place in places)
        return Queue(name, len(places), since, sum(it.is_online for it in agents), room_of(agents))


def board_of(agent: Agent) -> Board:
    """Reads the Wallboard of the agent's service. The caller has checked that an admin asks."""
    now = database_now()
    held = list(_held_chats(agent))
    period = last_days(1, now, zone_of(agent.service_id))
    return Board(
        now=now,
        target_s=60 * chat_settings_of(agent.service).answer_target_minutes,
        seats=_seats(agent, held, now),
        places=queue_of(agent.service_id),
        waiting=_waiting(agent),
        held=Listed(held[:HELD_SHOWN], max(len(held) - HELD_SHOWN, 0), WITH_AGENT),
        topics=list(active_topics(agent.service)),
        today=Figures(counts_of(agent.service_id, period, TOTAL).total),
    )


def offered_as(standing: Standing) -> tuple[str, str]:
    """The agent as a place to which chats are moved: the value of a form, and who it is."""
    return f"agent:{standing.agent_id}", f"{standing.name} ({in_words(standing)})"


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _waiting(agent: Agent) -> Listed:
    """They are counted only if there are too many to show: a crowd costs one query more."""
    chats = list(_waiting_chats(agent)[: WAITING_SHOWN + 1])
    more = max(_waiting_chats(agent).count() - WAITING_SHOWN, 0) if len(chats) > WAITING_SHOWN else 0
    return Listed(chats[:WAITING_SHOWN], more, WAITING)


def _waiting_chats(agent: Agent) -> QuerySet[Chat]:
    """As they came; those whose customers are away for a moment too."""
    return access.chats_seen_by(agent).filter(state=Chat.State.WAITING).order_by(*Chat.QUEUE_ORDER)


def _held_chats(agent: Agent) -> QuerySet[Chat]:
    """Chats that ring, then those that are open, the longest unanswered first: no more than agents can have."""
    chats = access.chats_seen_by(agent).filter(state__in=[Chat.State.RINGING, Chat.State.ACTIVE])
    return chats.order_by("-state", F("customer_waits_since").asc(nulls_last=True), *Chat.QUEUE_ORDER)


def _seats(agent: Agent, chats: Sequence[Chat], now: datetime) -> list[Seat]:
    """Those who could take a chat come first, those who are Offline last."""
    standings = [it for it in standings_of(agent.service_id, now) if it.availability not in _AWAY]
    agents = Agent.objects.select_related("user").in_bulk([it.agent_id for it in standings])
    own: dict[int, list[Chat]] = {}
    for chat in chats:
        own.setdefault(chat.agent_id or 0, []).append(chat)
    seats = [Seat(agents[it.agent_id], it, own.get(it.agent_id, [])) for it in standings if it.agent_id in agents]
    return sorted(seats, key=lambda seat: (max(nearness(seat.standing), 1), seat.standing.name))
