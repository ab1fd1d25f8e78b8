"""The queue of a service: its places, and word of its changes to the connections that show it.

A change is one look at the database for all connections of a process. ``routing.order`` has the order itself.
"""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from chat.conversation import live
from chat.models import Chat
from chat.routing.order import queues_of
from contiple.base.threads import in_thread

log = logging.getLogger(__name__)

DELAY_S = 0.1  # changes that come at once are read together
RETRY_S = 1.0


def queue_places(service_id: int) -> dict[int, int]:
    """The place of every waiting chat of a service, the first being 1."""
    return places_in([service_id])


def places_in(services: Collection[int]) -> dict[int, int]:
    """As ``queue_places``, of several services at once."""
    queues = queues_of(services).values()
    return {place.chat_id: number for queue in queues for number, place in enumerate(queue, start=1)}


def queue_place(chat: Chat) -> int | None:
    """The chat's place; ``None`` if it doesn't wait."""
    return queue_places(chat.service_id).get(chat.pk) if chat.state == Chat.State.WAITING else None


def count_waiting_sql(service_id: str) -> str:
    """How many chats of a service wait, for a query in which ``service_id`` names the service's column."""
    waits = f"waiting.service_id = {service_id} AND waiting.state = '{Chat.State.WAITING}'"
    return f"(SELECT count(*) FROM chat_chat AS waiting WHERE {waits})"  # noqa: S608 - no value comes from outside


class Onlooker(Protocol):
    def note_queue(self, places: dict[int, int]) -> None:
        """Called in the event loop with the place of each waiting chat, after a change in the service."""


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

    def receive(self, topic: str, delivery: live.Delivery) -> None:
        self.is_stale = True
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while self.is_stale and self.onlookers:
            await asyncio.sleep(DELAY_S)
            self.is_stale = False
            try:
                places = await in_thread(queue_places, self.service_id)
            except Exception as error:  # noqa: BLE001 - looked at again; its text may be a row
                log.warning("the queue could not be read: %s", type(error).__name__)
                self.is_stale = True
                await asyncio.sleep(RETRY_S)
                continue
            for onlooker in tuple(self.onlookers):
                onlooker.note_queue(places)


_boards: dict[tuple[asyncio.AbstractEventLoop, int], _Board] = {}
