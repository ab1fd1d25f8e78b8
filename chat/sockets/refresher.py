"""Schedules reading what is shown besides the messages: soon after a change, once for several, until it works."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum

from django.db import DatabaseError

log = logging.getLogger(__name__)

REFRESH_DELAY_S = 0.05  # several changes at once are one refresh
RETRY_S = 1.0  # after the database did not answer


class State(Enum):
    FRESH = "nothing to do"
    STALE = "something changed: a refresh is due"
    READING = "a refresh is under way, and nothing has changed since it began"


class Refresher:
    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.FRESH

    def touch(self) -> bool:
        """Notes a change. True if ``run`` has to be started, which from now on is taken for running."""
        is_idle, self.state = self.state is State.FRESH, State.STALE
        return is_idle

    async def run(self, refresh: Callable[[], Awaitable[None]]) -> None:
        """Awaits ``refresh`` until nothing has changed since it began."""
        try:
            while self.state is State.STALE:
                await asyncio.sleep(REFRESH_DELAY_S)
                await self._read(refresh)
        finally:
            self.state = State.FRESH

    async def _read(self, refresh: Callable[[], Awaitable[None]]) -> None:
        self.state = State.READING
        try:
            await refresh()
        except DatabaseError as error:
            log.warning("what is shown stays as it is: %s", type(error).__name__)
            self.state = State.STALE
            await asyncio.sleep(RETRY_S)
