"""Keeps many starts from one network from starving others.

Chats are served in the order in which they came, those of one network always. A network is a *crowd* if ``CROWD``
of its chats wait or began in the last ten minutes. As long as a crowd has at most half of the open chats it is served
as anybody; its chats beyond that go ``STEP`` after one another, counted from the last one that was served. So
whoever comes alone goes before them, the crowd always moves on, and it has everything that nobody else waits for:
only ``seats_kept`` stay free for whoever comes next.

The order follows from the queue of the moment (``in_turn``): a crowd that grows smaller is held back less.
Whoever an agent answered before today is known, and counts as coming alone.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models.functions import Now

from chat.abuse.puzzle import NETWORK_STARTS, NETWORK_WINDOW
from chat.models import Chat

CROWD, CROWD_WINDOW = NETWORK_STARTS, NETWORK_WINDOW
STEP = timedelta(minutes=1)
KNOWN_FOR = timedelta(days=1)  # longer than a script's chats of today
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Place(NamedTuple):
    """A waiting chat. ``network`` is empty unless it is a crowd's.

    ``held`` counts the chats of the crowd that ring or are open, ``held_by_all`` those of the service; ``served_at`` is
    when the last chat of the crowd rang or was opened.
    """

    service_id: int
    chat_id: int
    customer_id: int
    came_at: datetime
    is_connected: bool
    network: str
    held: int
    served_at: datetime | None
    held_by_all: int
    topic_id: int | None


class _Last(NamedTuple):
    """The last chat of a crowd that was put in its place: how many those are, and when its turn is."""

    number: int
    turn_at: datetime


def is_known(customer_id: int | None) -> bool:
    """Returns whether an agent answered this customer more than a day ago, and no admin ended that chat."""
    if customer_id is None:
        return False
    answered = Chat.objects.filter(customer=customer_id, answered_at__lt=Now() - KNOWN_FOR)
    return answered.exclude(closed_by__in=[Chat.ClosedBy.ADMIN, Chat.ClosedBy.BLOCKED]).exists()


def may_be_one_of(chat: Chat) -> bool:
    """Returns whether the chat counts among those of its network."""
    return bool(chat.network) and not chat.is_known


def share_of_places(places: int) -> int:
    """Returns how many of the places that others leave in a limited queue one network may take.

    Half, crowd or not: a limit is often lower than the number of chats that make a crowd.
    """
    return math.ceil(places / 2)


def in_turn(arrivals: Sequence[Place]) -> list[Place]:
    """Returns one service's waiting chats in the order in which they are served; ``arrivals`` as they came."""
    crowds: dict[str, _Last] = {}
    turns: list[tuple[datetime, int, Place]] = []
    for number, place in enumerate(arrivals, start=1):
        turn_at = place.came_at
        if place.network:
            last = crowds.get(place.network, _Last(0, _LONG_AGO))
            turn_at = _turn_at(place, last, number)
            crowds[place.network] = _Last(last.number + 1, turn_at)
        turns.append((turn_at, number, place))
    return [place for _turn, _number, place in sorted(turns)]


def _turn_at(place: Place, last: _Last, number: int) -> datetime:
    """Returns the turn of the next chat of a crowd, the ``number``-th of the queue: never before its ``last`` one.

    If everybody up to it were served, its crowd would hold so many chats, and the service so many. A crowd may be the
    larger half, but for the only open chat: a desk with one seat would serve nobody else.
    """
    crowd, service = place.held + last.number + 1, place.held_by_all + number
    if crowd * 2 <= service + bool(place.held_by_all):
        return max(place.came_at, last.turn_at)
    before = max(last.turn_at, place.served_at or _LONG_AGO)
    return max(place.came_at, before + STEP)


def seats_kept(seats: int) -> int:
    """Returns how many of the agents' seats no crowd may take: one in ten, at least one of several."""
    return max(seats // 10, 1) if seats > 1 else 0


def room_for_crowds(queue: Sequence[Place], *, room: int, seats: int) -> int:
    """Returns how many of ``room`` free seats the crowds of the queue may take."""
    held = {place.network: place.held for place in queue if place.network}
    by_others = queue[0].held_by_all - sum(held.values()) if queue else 0
    return max(room - max(seats_kept(seats) - by_others, 0), 0)
