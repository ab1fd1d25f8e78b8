"""The heartbeat of a process: one clock for all of its connections, and one look at the database for all that are due.

Every connection is asked for a sign of life each ``presence.HEARTBEAT_S``. With it comes what its client could have
missed: the last revs and receipts of its chats, a fingerprint of what else it shows, and whether it may stay. Signs of
life renew leases, those of one tick together.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, Protocol
from uuid import UUID

from django.db import DatabaseError
from django.http import Http404

from agents.credentials import Credential, chatting_agents
from chat.conversation import live
from chat.routing import presence
from chat.routing.queue import count_waiting_sql, queue_place_sql
from contiple.base import prepared
from contiple.base.threads import in_thread

log = logging.getLogger(__name__)

P = ParamSpec("P")

TICK_S = 0.25
REFRESHES_AT_ONCE = 2  # what many threads compute at once keeps every message waiting for its turn


@dataclass(frozen=True, slots=True)
class Watched:
    """What one connection wants looked at: the chats on display, and whose view it is."""

    chat_ids: Collection[int]
    credential: Credential | None = None  # an agent's
    chat_id: int = 0  # the customer's


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found: last rev and receipts of each chat that is there, what else is shown in short, and the right."""

    chats: dict[int, tuple[int, live.Receipts]]
    fingerprint: tuple | None
    may_stay: bool


class Beating(Protocol):
    socket_id: UUID

    def watched(self) -> Watched: ...
    def spawn(self, step: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs) -> None: ...
    async def tell_beat(self) -> None: ...
    async def beat(self, seen: Seen) -> None: ...
    async def lose_lease(self) -> None: ...


def join(connection: Beating) -> None:
    """``connection.beat`` is called each ``HEARTBEAT_S`` from now on. Spread, so that a thousand don't beat at once."""
    _pulse().due[connection] = time.monotonic() + presence.HEARTBEAT_S * random.uniform(0.1, 1)  # noqa: S311


def leave(connection: Beating) -> None:
    pulse = _pulse()
    pulse.due.pop(connection, None)
    pulse.alive.pop(connection.socket_id, None)


def turn() -> asyncio.Semaphore:
    """Whoever renders much for one connection does it in its turn: deliveries of messages go first."""
    return _pulse().turns


def renew_lease(connection: Beating) -> None:
    """Within ``TICK_S``, together with the others. Where it is gone, ``connection.lose_lease`` is called."""
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
        beating = [connection for connection, at in self.due.items() if at <= now]
        for found in beating:
            self.due[found] = now + presence.HEARTBEAT_S
        try:
            seen = await in_thread(look, [found.watched() for found in beating]) if beating else []
        except DatabaseError:  # a client that hears nothing takes its line for dead
            for found in beating:
                if found in self.due:
                    found.spawn(found.tell_beat)
            raise
        for found, what in zip(beating, seen, strict=True):
            if found in self.due:
                found.spawn(found.beat, what)


def look(watched: Sequence[Watched]) -> list[Seen]:
    """Three queries, however many connections."""
    chats = _chats({chat_id for item in watched for chat_id in (*item.chat_ids, item.chat_id)} - {0})
    credentials = {item.credential for item in watched if item.credential}
    permitted = chatting_agents(credentials)
    desks = desk_fingerprints({credential.agent_id for credential in credentials})
    return [
        Seen(
            chats={chat_id: chats[chat_id][:2] for chat_id in item.chat_ids if chat_id in chats},
            fingerprint=desks.get(item.credential.agent_id)
            if item.credential
            else chats.get(item.chat_id, (0, None, None))[2],
            may_stay=item.credential in permitted if item.credential else item.chat_id in chats,
        )
        for item in watched
    ]


def desk_fingerprints(agent_ids: Iterable[int]) -> dict[int, tuple]:
    """In short what an agent's desk shows: it has changed where this has. Ends with how many customers wait."""
    return {row[0]: row[1:] for row in prepared.fetch(_DESKS, [list(agent_ids)])}


def own_revs(agent_id: int) -> dict[int, int]:
    """The last revs of the chats that are the agent's."""
    return dict(prepared.fetch(_OWN_REVS, [agent_id]))


def look_at_chat(chat_id: int, service_id: int) -> tuple[int, live.Receipts, tuple]:
    """A chat of this service: last rev, receipts, and in short what a customer's page shows of it, which ends with the
    place in the queue. Raises ``Http404``.
    """
    found = _chats([chat_id], service_id)
    if not found:
        raise Http404
    return found[chat_id]


def _chats(chat_ids: Collection[int], service_id: int | None = None) -> dict[int, tuple[int, live.Receipts, tuple]]:
    """Those that are to be seen: as ``look_at_chat``."""
    if not chat_ids:
        return {}
    found = prepared.fetch(_CHATS, [list(chat_ids), service_id, service_id])
    return {row[0]: (row[1], live.Receipts(row[0], *row[2:6]), row[6:]) for row in found}


_CHATS = f"""
SELECT chat.id, chat.last_rev, chat.customer_received, chat.customer_read, chat.agent_received, chat.agent_read,
    chat.state, chat.agent_id, chat.inquiry_offer,
    {queue_place_sql("chat")}
FROM chat_chat AS chat JOIN agents_service AS service ON service.id = chat.service_id AND NOT service.is_stopped
WHERE chat.id = ANY(%s) AND (%s::bigint IS NULL OR chat.service_id = %s)
"""  # noqa: S608 - no value comes from outside
_OWN_REVS = "SELECT id, last_rev FROM chat_chat WHERE agent_id = %s AND state <> 'closed'"
_DESKS = f"""
SELECT agent.id, agent.chat_status,
    (SELECT string_agg(concat_ws(' ', chat.id, chat.state, chat.unread > 0), ',' ORDER BY chat.id)
     FROM chat_chat AS chat WHERE chat.agent_id = agent.id AND chat.state <> 'closed'),
    CASE agent.role WHEN 'admin' THEN (
        SELECT string_agg(concat_ws(' ', chat.id, chat.state, chat.agent_id), ',' ORDER BY chat.id)
        FROM chat_chat AS chat WHERE chat.service_id = agent.service_id AND chat.state <> 'closed'
    ) END,
    {count_waiting_sql("agent.service_id")}
FROM agents_agent AS agent WHERE agent.id = ANY(%s)
"""  # noqa: S608 - no value comes from outside

_the_pulse: _Pulse | None = None


def _pulse() -> _Pulse:
    """Of this event loop, of which a process has one but in tests."""
    global _the_pulse  # noqa: PLW0603 - one for the process, made with its loop
    loop = asyncio.get_running_loop()
    if _the_pulse is None or _the_pulse.loop is not loop:
        _the_pulse = _Pulse(loop)
        _the_pulse.task = loop.create_task(_the_pulse.run())
    return _the_pulse
