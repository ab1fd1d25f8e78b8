"""Deliveries that wait for a connection: shown one after the other, in the order in which they came.

Room is bounded. What finds none is lost here and read from the database instead.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum

from django.db import DatabaseError

from chat.conversation.live import Delivery

log = logging.getLogger(__name__)

INBOX_SIZE = 256
RETRY_S = 1.0  # after the database did not answer


class State(Enum):
    HELD = "the connection has not begun: deliveries gather"
    IDLE = "nothing waits"
    PUMPING = "deliveries are being shown"


HELD, IDLE, PUMPING = State  # bound once: to look up a member in its class takes long, with every delivery


class Inbox:
    __slots__ = ("_deliveries", "has_lost", "state")

    def __init__(self) -> None:
        self._deliveries: deque[Delivery] = deque()
        self.has_lost = False  # deliveries, for want of room
        self.state = HELD

    def put(self, delivery: Delivery) -> bool:
        """Takes a delivery. True if ``pump`` has to be started, which from now on is taken for running."""
        if len(self._deliveries) >= INBOX_SIZE:
            self.has_lost = True
            return False
        self._deliveries.append(delivery)
        if self.state is not IDLE:
            return False
        self.state = PUMPING
        return True

    def open(self) -> bool:
        """Deliveries may be shown from now on. Returns as ``put``."""
        self.state = PUMPING if self._deliveries else IDLE
        return self.state is PUMPING

    async def pump(self, show: Callable[[Delivery], Awaitable[None]], catch_up: Callable[[], Awaitable[None]]) -> None:
        """Awaits ``show`` of each delivery, and ``catch_up`` if deliveries were lost."""
        try:
            while self._deliveries or self.has_lost:
                await self._pump_safely(show, catch_up)
        finally:
            self.state = IDLE

    async def _pump_safely(
        self, show: Callable[[Delivery], Awaitable[None]], catch_up: Callable[[], Awaitable[None]]
    ) -> None:
        try:
            while self._deliveries:
                await show(self._deliveries.popleft())
            if self.has_lost:
                self.has_lost = False
                await catch_up()
        except DatabaseError as error:
            log.warning("deliveries wait: %s", type(error).__name__)
            self.has_lost = True
            await asyncio.sleep(RETRY_S)
