"""Lets a bounded number of requests in at once. The others wait, the addresses taking turns, or are told to come back.

Pages and what hashes a password have a lane each; probes, metrics and sockets wait in none. When a lane is full, the
newest request of the address with the most waiting gives way: a flood from one address can't starve the others.
"""

import asyncio
from collections import deque
from typing import Any

from contiple import bounds, streams
from contiple.base import heavy
from contiple.base.addresses import network, scope_address
from contiple.refusals import refusal


class Lane:
    """At most ``at_once`` are in, ``waiting_max`` wait, each for ``seconds`` at most. Use it in one event loop."""

    def __init__(self, at_once: int, waiting_max: int, seconds: float) -> None:
        self.free, self.waiting_max, self.seconds = at_once, waiting_max, seconds
        self.waiting: dict[str, deque[asyncio.Future[bool]]] = {}

    async def enter(self, who: str) -> bool:
        """Waits for a place. Returns False if there is none in time; otherwise call ``leave`` afterwards."""
        if self.free:
            self.free -= 1
            return True
        if not self._has_room(who):
            return False
        turn = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(who, deque()).append(turn)
        try:
            async with asyncio.timeout(self.seconds):
                return await self._turn(turn)
        except TimeoutError:
            return False
        finally:
            self._forget(who, turn)

    def leave(self) -> None:
        """Gives the place to the first of the address whose turn it is."""
        while self.waiting:
            who = next(iter(self.waiting))
            queue = self.waiting.pop(who)
            turn = queue.popleft()
            if queue:
                self.waiting[who] = queue  # at the end: the other addresses come first
            if not turn.done():
                turn.set_result(True)
                return
        self.free += 1

    async def _turn(self, turn: asyncio.Future[bool]) -> bool:
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()
            raise

    def _has_room(self, who: str) -> bool:
        if sum(map(len, self.waiting.values())) < self.waiting_max:
            return True
        most = max(self.waiting.values(), key=len)
        if len(self.waiting.get(who, ())) + 1 >= len(most):
            return False
        newest = most.pop()
        if not newest.done():
            newest.set_result(False)
        return True

    def _forget(self, who: str, turn: asyncio.Future[bool]) -> None:
        queue = self.waiting.get(who, deque())
        if turn in queue:
            queue.remove(turn)
        if not queue:
            self.waiting.pop(who, None)


pages = Lane(bounds.PAGES_AT_ONCE, bounds.PAGES_WAITING, bounds.PAGES_SECONDS)
hashing = Lane(heavy.AT_ONCE + 1, bounds.HASHING_WAITING, bounds.HASHING_SECONDS)
uploads = Lane(bounds.UPLOADS_AT_ONCE, bounds.UPLOADS_WAITING, bounds.UPLOADS_SECONDS)
downloads = Lane(bounds.DOWNLOADS_AT_ONCE, bounds.DOWNLOADS_WAITING, bounds.DOWNLOADS_SECONDS)
exports = Lane(bounds.EXPORTS_AT_ONCE, bounds.EXPORTS_WAITING, bounds.EXPORTS_SECONDS)


class _Place:
    """A place in a lane, which is left once."""

    def __init__(self, lane: Lane) -> None:
        self.lane: Lane | None = lane

    def leave(self) -> None:
        if self.lane:
            self.lane.leave()
        self.lane = None


def in_turn(application: Any) -> Any:
    """Answers 503 with ``Retry-After``, at no cost, where ``application`` has too much to do."""

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        lane, who = _lane_of(scope), network(scope_address(scope))
        if not await lane.enter(who):
            await _refuse(scope, send)
            return
        try:
            if lane in (downloads, exports):
                await _look_up(application, who, scope, receive, send)
            else:
                await application(scope, streams.reading_body(scope, receive), send)
        finally:
            lane.leave()

    return answer


def _lane_of(scope: dict[str, Any]) -> Lane:
    is_post, path = scope["method"] == "POST", scope["path"]
    if is_post and bounds.HASHING.match(path):
        return hashing
    if is_post and bounds.UPLOADS.match(path):
        return uploads
    if is_post and bounds.EXPORTS.match(path):
        return exports
    return downloads if bounds.DOWNLOADS.match(path) else pages


async def _look_up(application: Any, who: str, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers with a file: a page until the answer begins, as it may hold a connection to the database till then."""
    if not await pages.enter(who):
        await _refuse(scope, send)
        return
    place = _Place(pages)

    async def begin(message: dict[str, Any]) -> None:
        place.leave()
        await send(message)

    try:
        await application(scope, receive, begin)
    finally:
        place.leave()


async def _refuse(scope: dict[str, Any], send: Any) -> None:
    headers, body = refusal(503, dict(scope["headers"]))
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
