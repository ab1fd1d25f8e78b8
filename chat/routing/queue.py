"""The queue of a service: its places, and word of its changes to the connections that show it.

A change is one look at the database for all connections of a process. ``routing.order`` has the order itself.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, Protocol

from chat.abuse.crowds import Place
from chat.conversation import live
from chat.models import Chat
from chat.routing.order import queues_of
from chat.routing.waits import Pace, paces_of
from contiple.base.threads import in_thread

log = logging.getLogger(__name__)

DELAY_S = 0.1  # changes that come at once are read together
RETRY_S = 1.0
PACES_EVERY_S = 10


def queue_places(service_id: int) -> dict[int, int]:
    """The place of every waiting chat of a service among those of its topic, the first being 1."""
    return places_in([service_id])


def places_in(services: Collection[int]) -> dict[int, int]:
    """As ``queue_places``, of several services at once."""
    queues = queues_of(services)
    return dict(chain.from_iterable(numbered(queue) for queue in queues.values()))


def line_of(service_id: int, paces: dict[int | None, Pace]) -> "Line":
    """The service's queue as its customers are told of it."""
    queue = queues_of([service_id])[service_id]
    places = dict(numbered(queue))
    known = {place.chat_id: pace for place in queue if (pace := paces.get(place.topic_id))}
    return Line(places, {chat_id: pace.minutes(places[chat_id]) for chat_id, pace in known.items()})


class Line(NamedTuple):
    """The place of each waiting chat, and the minutes that its wait is likely to take, if that is known."""

    places: dict[int, int]
    minutes: dict[int, int]


def numbered(queue: Iterable[Place]) -> Iterator[tuple[int, int]]:
    """Yields each chat and its place in its topic."""
    reached = Counter[int | None]()
    for place in queue:
        reached[place.topic_id] += 1
        yield place.chat_id, reached[place.topic_id]


def queue_place(chat: Chat) -> int | None:
    """The chat's place; ``None`` if it doesn't wait."""
    return queue_places(chat.service_id).get(chat.pk) if chat.state == Chat.State.WAITING else None


class Onlooker(Protocol):
    def note_queue(self, line: Line) -> None:
        """Called in the event loop with the queue, after a change in the service."""


async def join(service_id: int, onlooker: Onlooker) -> None:
    """After it returns, ``onlooker`` hears of every change. Read the state afterwards, or a change is missed."""
    board = _boards.get((asyncio.get_running_loop(), service_id))
    if board is None:
        board = _boards[asyncio.get_running_loop(), service_id] = _Board(service_id)
    board.onlookers.add(onlooker)
    await live.subscribe(live.service_topic(service_id), board)


def leave(service_id: int, onlooker: Onlooker) -> None:
    key = asyncio.get_running_loop(), service_id
    board = _boards.get(key)
    if board is None:
        return
    board.onlookers.discard(onlooker)
    if not board.onlookers:
        del _boards[key]
        live.unsubscribe(live.service_topic(service_id), board)


@dataclass(eq=False)
class _Board:
    service_id: int
    onlookers: set[Onlooker] = field(default_factory=set)
    is_stale: bool = False
    task: asyncio.Task | None = None
    paces: dict[int | None, Pace] = field(default_factory=dict)
    paces_at: float = -math.inf

    def receive(self, topic: str, delivery: live.Delivery) -> None:
        self.is_stale = True
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while self.is_stale and self.onlookers:
            await asyncio.sleep(DELAY_S)
            self.is_stale = False
            try:
                line = await in_thread(self._read)
            except Exception as error:  # noqa: BLE001 - looked at again; its text may be a row
                log.warning("the queue could not be read: %s", type(error).__name__)
                self.is_stale = True
                await asyncio.sleep(RETRY_S)
                continue
            for onlooker in tuple(self.onlookers):
                onlooker.note_queue(line)

    def _read(self) -> Line:
        if time.monotonic() - self.paces_at > PACES_EVERY_S:
            self.paces, self.paces_at = paces_of(self.service_id), time.monotonic()
        return line_of(self.service_id, self.paces)


_boards: dict[tuple[asyncio.AbstractEventLoop, int], _Board] = {}
