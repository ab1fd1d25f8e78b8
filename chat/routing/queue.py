"""Who waits, told to all whom it concerns: one look at a service's queue for all of a process's connections."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol

from chat.conversation import live
from chat.models import Chat
from contiple.base.threads import in_thread

log = logging.getLogger(__name__)

DELAY_S = 0.1  # several changes at once are one look
RETRY_S = 1.0


class Onlooker(Protocol):
    def note_queue(self, places: dict[int, int]) -> None:
        """Called in the event loop with the place of each waiting chat, after something in the service changed."""


async def join(service_id: int, onlooker: Onlooker) -> None:
    """From its return on ``onlooker`` is told of what changes. Read the state after it."""
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


def queue_places(service_id: int) -> dict[int, int]:
    """The place of every waiting chat of a service, the first being 1."""
    waiting = Chat.objects.filter(service=service_id, state=Chat.State.WAITING).order_by("waiting_since", "pk")
    return {chat_id: place for place, chat_id in enumerate(waiting.values_list("pk", flat=True), start=1)}


def queue_place(chat: Chat) -> int | None:
    """``None`` where it does not wait."""
    return queue_places(chat.service_id).get(chat.pk) if chat.state == Chat.State.WAITING else None
