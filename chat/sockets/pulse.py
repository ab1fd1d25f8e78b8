"""The heartbeat of a process: one clock for all of its connections, and one look at the database for all that are due.

Every connection is asked for a sign of life each ``presence.HEARTBEAT_S``. At the same time the pulse looks for what
its client could have missed: the last revs and receipts of its chats, a fingerprint of what else it shows, and whether
it may stay. Signs of life renew leases, those of one tick together.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ParamSpec, Protocol
from uuid import UUID

from django.db import DatabaseError

from chat.routing import presence
from chat.sockets import snapshots
from chat.sockets.snapshots import Seen, Watched
from contiple.base.threads import in_thread

log = logging.getLogger(__name__)

P = ParamSpec("P")

TICK_S = 0.25
REFRESHES_AT_ONCE = 2  # many threads that compute at once would keep every message waiting for its turn


class Beating(Protocol):
    socket_id: UUID

    def watched(self) -> Watched: ...
    def spawn(self, step: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs) -> None: ...
    async def send_beat(self) -> None: ...
    async def beat(self, seen: Seen) -> None: ...
    async def lose_lease(self) -> None: ...


def join(connection: Beating) -> None:
    """Calls ``connection.beat`` each ``HEARTBEAT_S`` from now on; spread, so that a thousand don't beat at once."""
    _pulse().due[connection] = time.monotonic() + presence.HEARTBEAT_S * random.uniform(0.1, 1)  # noqa: S311


def leave(connection: Beating) -> None:
    pulse = _pulse()
    pulse.due.pop(connection, None)
    pulse.alive.pop(connection.socket_id, None)


def turn() -> asyncio.Semaphore:
    """Returns the semaphore to hold while much is rendered for one connection: deliveries of messages go first."""
    return _pulse().turns


def renew_lease(connection: Beating) -> None:
    """Renews the lease within ``TICK_S``, together with others. Calls ``connection.lose_lease`` if it is gone."""
    pulse = _pulse()
    if connection in pulse.due:
        pulse.alive[connection.socket_id] = connection


@dataclass(eq=False)
class _Pulse:
    loop: asyncio.AbstractEventLoop
    due: dict[Beating, float] = field(default_factory=dict)
    alive: dict[UUID, Beating] = field(default_factory=dict)
    task: asyncio.Task | None = None
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REFRESHES_AT_ONCE))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for step in (self.renew, self.beat):
                try:
                    await step()
                except DatabaseError as error:
                    log.warning("a heartbeat failed: %s", type(error).__name__)
                except Exception:
                    log.exception("a heartbeat failed")

    async def renew(self) -> None:
        if not self.alive:
            return
        alive, self.alive = self.alive, {}
        try:
            renewed = await in_thread(presence.renew_leases, list(alive))
        except DatabaseError:
            self.alive = {key: beating for key, beating in alive.items() if beating in self.due} | self.alive
            raise
        for socket_id, beating in alive.items():
            if socket_id not in renewed and beating in self.due:
                beating.spawn(beating.lose_lease)

    async def beat(self) -> None:
        now = time.monotonic()
        due = [connection for connection, at in self.due.items() if at <= now]
        for connection in due:
            self.due[connection] = now + presence.HEARTBEAT_S
        try:
            found = await in_thread(snapshots.look, [connection.watched() for connection in due]) if due else []
        except DatabaseError:  # a client that hears nothing takes its line for dead
            for connection in due:
                if connection in self.due:
                    connection.spawn(connection.send_beat)
            raise
        for connection, seen in zip(due, found, strict=True):
            if connection in self.due:
                connection.spawn(connection.beat, seen)


_the_pulse: _Pulse | None = None


def _pulse() -> _Pulse:
    """Returns the pulse of the running loop; a process has one, except in tests."""
    global _the_pulse  # noqa: PLW0603 - one for the process, made with its loop
    loop = asyncio.get_running_loop()
    if _the_pulse is None or _the_pulse.loop is not loop:
        _the_pulse = _Pulse(loop)
        _the_pulse.task = loop.create_task(_the_pulse.run())
    return _the_pulse
