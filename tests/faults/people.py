"""The clients of the fault tests: sockets that behave as our pages do (`static/js/socket.js`, `outbox.js`,
`chat-view.js`, `conversation.js`), in an event loop of their own, so that a test reads from top to bottom.

A client comes back after a loss, names the last rev it has, sends again what nobody has acknowledged, answers beats,
and puts every message at its place. What a page could show wrongly it writes down in ``wrong``.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from tests.bench.wire import HANDSHAKE, Wire

# As in `socket.js`, `outbox.js` and `chat-view.js`.
HOPELESS = {4401, 4403}
RETRY_S = (0.5, 1, 2, 4, 8, 15)
SILENCE_S = 40
TRY_AGAIN, TRY_AGAIN_S, ANSWER_S = {"too_many", "unavailable"}, 2, 5
SEEN_DELAY_S = 0.3
HANDSHAKE_S = 10


@dataclass(frozen=True)
class Shown:
    """What stands at a place of a chat."""

    rev: int
    client_id: str | None
    author: str


@dataclass(frozen=True)
class Unsent:
    chat: int
    body: str


class Crowd:
    """The loop and all who live in it. Leaving closes every client."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="crowd", daemon=True)
        self.thread.start()
        self.clients: list[Client] = []
        self.writing: list[Future] = []

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls ``function`` in the loop and returns what it does."""

        async def called() -> Any:
            return function(*arguments)

        return self.run(called())

    def run(self, coroutine: Coroutine, seconds: float = 20) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def write(self, client: "Client", chat: int, *, every_s: float, prefix: str = "Line") -> None:
        """From now on, until ``stop_writing``."""

        async def write() -> None:
            # Not all in the same moment.
            await asyncio.sleep(random.random() * every_s)
            for number in itertools.count(1):
                client.queue(chat, f"{prefix} {number}")
                await asyncio.sleep(every_s)

        self.writing.append(asyncio.run_coroutine_threadsafe(write(), self.loop))

    def stop_writing(self) -> None:
        for task in self.writing:
            task.cancel()
        self.writing.clear()

    def close(self) -> None:
        self.stop_writing()
        for client in self.clients:
            self.do(client.leave)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


class Client:
    """One page with its socket. ``port`` is the front's, or one process's."""

    def __init__(self, crowd: Crowd, *, origin: str, port: int, path: str, cookie: str = "") -> None:
        self.crowd, self.origin, self.port, self.path, self.cookie = crowd, origin, port, path, cookie
        self.wire: Wire | None = None
        self.is_open = self.is_closed = False
        self.tries = 0
        self.revs: dict[int, int] = {}
        self.screen: dict[int, dict[int, Shown]] = {}
        self.outbox: dict[str, Unsent] = {}
        self.sent: dict[str, Unsent] = {}
        self.handed_over: Counter[str] = Counter()  # how often to an open socket
        self.acknowledged: dict[str, int] = {}  # its place
        self.refused: dict[str, str] = {}
        self.codes: list[int] = []  # how its sockets ended; 1006 is a cut
        self.frames: list[tuple[float, dict]] = []
        self.wrong: list[str] = []
        self.answers_beats = True
        self.retry: asyncio.TimerHandle | None = None
        self.watchdog: asyncio.TimerHandle | None = None
        self.seeing: dict[int, asyncio.TimerHandle] = {}
        self.opening: asyncio.Task | None = None
        self.again: dict[int, asyncio.TimerHandle] = {}  # by chat: when its first message is sent again
        crowd.clients.append(self)

    # From a test

    def open(self) -> "Client":
        """Returns when the server has greeted."""
        self.crowd.do(self._begin)
        self.wait_for(lambda: self.is_greeted, f"{self.path} is not greeted; it was closed with {self.codes}")
        return self

    def close(self) -> None:
        """As a page that is left: with a close frame, and for good."""
        self.crowd.do(self._close)

    def cut(self) -> None:
        """The line breaks: no close frame. The page comes back by itself."""
        self.crowd.do(lambda: self.wire and self.wire.cut())

    def vanish(self) -> None:
        """As a machine that is switched off: the connection stays, nobody is there, nobody comes back."""
        self.crowd.do(self._vanish)

    def stop_reading(self) -> None:
        self.crowd.do(self.wire.transport.pause_reading)

    def read_again(self) -> None:
        self.crowd.do(self.wire.transport.resume_reading)

    def say(self, chat: int, body: str, client_id: str = "") -> str:
        """Sends, and keeps until it is acknowledged. Its ``client_id``."""
        return self.crowd.do(self.queue, chat, body, client_id)

    def tell(self, kind: str, **fields: Any) -> None:
        """A bare frame."""
        self.crowd.do(self._send, {"type": kind, **fields})

    def wait_for(self, true: Callable[[], Any], otherwise: str = "", seconds: float = 10) -> float:
        return wait_until(true, seconds, otherwise=otherwise)

    def heard(self, kind: str, **fields: Any) -> list[dict]:
        return [frame for _, frame in list(self.frames) if frame["type"] == kind and fields.items() <= frame.items()]

    def ids(self, chat: int) -> dict[int, str | None]:
        """What the page shows: the sender's id at each place."""
        return {seq: shown.client_id for seq, shown in sorted(self.screen.get(chat, {}).items())}

    # What the page says

    is_greeted = False

    def greeting(self) -> list[dict]:
        raise NotImplementedError

    def address(self, chat: int) -> dict[str, int]:
        return {"chat": chat}

    def queue(self, chat: int, body: str, client_id: str = "") -> str:
        client_id = client_id or str(uuid.uuid4())
        self.outbox[client_id] = self.sent[client_id] = Unsent(chat, body)
        if self._first(chat) == client_id:
            self._resend(chat)
        return client_id

    def _first(self, chat: int) -> str | None:
        return next((client_id for client_id, unsent in self.outbox.items() if unsent.chat == chat), None)

    def what_is_unsent(self) -> str:
        """For the report of a failure."""
        first = next(iter(self.outbox), None)
        times = self.handed_over[first] if first else 0
        state = "open" if self.is_open else "closed"
        return f"{len(self.outbox)} after {len(self.acknowledged)}, the first sent {times} times, socket {state}"

    def _resend(self, chat: int) -> None:
        """Sends the chat's first message; the others follow one by one."""
        self._wait_no_more(chat)
        client_id = self._first(chat)
        if client_id and self.is_open:
            self.handed_over[client_id] += 1
            self._send(
                {"type": "send", "client_id": client_id, "body": self.outbox[client_id].body, **self.address(chat)}
            )
            self._resend_in(ANSWER_S, chat)

    def _resend_in(self, seconds: float, chat: int) -> None:
        self._wait_no_more(chat)
        self.again[chat] = self.crowd.loop.call_later(seconds, self._resend, chat)

    def _wait_no_more(self, chat: int) -> None:
        if timer := self.again.pop(chat, None):
            timer.cancel()

    def _settle(self, client_id: str) -> None:
        """The server has the message, or will never take it."""
        if unsent := self.outbox.get(client_id):
            was_first = self._first(unsent.chat) == client_id
            del self.outbox[client_id]
            if was_first:
                self._resend(unsent.chat)

    def _send(self, frame: dict) -> None:
        """A frame that can't be handed over is lost, as in a browser."""
        if self.is_open:
            self.wire.send(json.dumps(frame).encode())

    # The socket: as socket.js

    def leave(self) -> None:
        self._close()
        if self.opening:
            self.opening.cancel()

    def _begin(self) -> None:
        self.is_closed = False
        if self.retry:
            self.retry.cancel()
        self.is_greeted = False
        self.opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        wire: Wire | None = None
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                wire = await self._connect()
                await wire.opened
        except OSError:
            if wire:
                wire.on_close = lambda code: None
                wire.cut()
            self._lost(1006, None)
            return
        self.wire, self.is_open = wire, True
        self._watch()
        for frame in self.greeting():
            self._send(frame)
        for chat in {unsent.chat for unsent in self.outbox.values()}:
            self._resend(chat)

    async def _connect(self) -> Wire:
        handshake = HANDSHAKE.format(
            path=self.path,
            port=self.port,
            origin=self.origin,
            key=base64.b64encode(os.urandom(16)).decode(),
            more=f"Cookie: {self.cookie}\r\n" if self.cookie else "",
        ).encode()
        wire: Wire = Wire(handshake, self._read, lambda code: self._lost(code, wire))
        await asyncio.get_running_loop().create_connection(lambda: wire, "127.0.0.1", self.port)
        return wire

    def _read(self, text: bytes) -> None:
        self.tries = 0
        self._watch()
        frame = json.loads(text)
        self.frames.append((time.monotonic(), frame))
        if frame["type"] == "beat":
            if self.answers_beats:
                self._send({"type": "beat", "sent": frame["sent"]})
            return
        self.receive(frame)

    def _lost(self, code: int, wire: Wire | None) -> None:
        if wire is not self.wire and wire is not None:
            return
        was_open, self.is_open, self.is_greeted, self.wire = self.is_open, False, False, None
        if self.watchdog:
            self.watchdog.cancel()
        if was_open:
            self.codes.append(code)
        if self.is_closed:
            return
        if code in HOPELESS:
            self.is_closed = True
            return
        wait = RETRY_S[min(self.tries, len(RETRY_S) - 1)]
        self.tries += 1
        self.retry = self.crowd.loop.call_later(wait * (0.5 + random.random()), self._begin)

    def _watch(self) -> None:
        if self.watchdog:
            self.watchdog.cancel()
        self.watchdog = self.crowd.loop.call_later(SILENCE_S, lambda: self.wire and self.wire.cut())

    def _close(self) -> None:
        self.is_closed = True
        for timer in (self.retry, self.watchdog, *self.seeing.values(), *self.again.values()):
            if timer:
                timer.cancel()
        if self.wire:
            with contextlib.suppress(OSError):
                # Code 1000, masked as every frame of a client.
                self.wire.transport.write(b"\x88\x82\x00\x00\x00\x00\x03\xe8")
                self.wire.transport.close()
        self.is_open, self.is_greeted, self.wire = False, False, None

    def _vanish(self) -> None:
        self.is_closed, wire = True, self.wire
        if wire:
            self.gone = wire  # kept: a collected one would be closed
            wire.transport.pause_reading()
        for timer in (self.retry, self.watchdog):
            if timer:
                timer.cancel()
        self.is_open, self.wire = False, None

    # What the page shows: as chat-view.js and conversation.js

    def receive(self, frame: dict) -> None:
        match frame["type"]:
            case "message":
                self._show(frame)
            case "ack":
                self._acknowledge(frame["client_id"], frame["chat"], frame["seq"])
            case "error" if frame.get("client_id") in self.outbox:
                self._refused(frame["client_id"], frame["code"])
            case "error" if frame["code"] not in TRY_AGAIN:
                self.wrong.append(f"an error of no message: {frame['code']}")

    def _show(self, frame: dict) -> None:
        chat, seq, rev, client_id = frame["chat"], frame["seq"], frame["rev"], frame.get("client_id")
        self.revs[chat] = max(self.revs.get(chat, 0), rev)
        places = self.screen.setdefault(chat, {})
        before = places.get(seq)
        if client_id:
            if before and before.client_id != client_id:
                self.wrong.append(f"{client_id} took the place {seq} of {before.client_id}")
            if any(shown.client_id == client_id and at != seq for at, shown in places.items()):
                self.wrong.append(f"{client_id} stands at two places")
            if client_id in self.sent:
                self._acknowledge(client_id, chat, seq)
        if before and before.rev > rev:
            return
        places[seq] = Shown(rev, client_id, frame["author"])
        self._see(chat)

    def _acknowledge(self, client_id: str, chat: int, seq: int) -> None:
        self._settle(client_id)
        if self.acknowledged.setdefault(client_id, seq) != seq:
            self.wrong.append(f"{client_id} was acknowledged at {self.acknowledged[client_id]} and at {seq}")

    def _refused(self, client_id: str, code: str) -> None:
        if code in TRY_AGAIN:
            self._resend_in(TRY_AGAIN_S, self.outbox[client_id].chat)
            return
        self._settle(client_id)
        self.refused[client_id] = code

    def _see(self, chat: int) -> None:
        """Several messages at once are one frame."""
        if chat not in self.seeing:
            self.seeing[chat] = self.crowd.loop.call_later(SEEN_DELAY_S, self._tell_seen, chat)

    def _tell_seen(self, chat: int) -> None:
        del self.seeing[chat]
        last = max(self.screen[chat])
        self._send({"type": "seen", "received": last, "read": last, **self.address(chat)})


class Customer(Client):
    def __init__(self, crowd: Crowd, *, slug: str, token: str, chat: int, **place: Any) -> None:
        super().__init__(crowd, path=f"/ws/chat/{slug}/?language=en", **place)
        self.token, self.chat = token, chat
        self.state = ""
        self.states: list[tuple[float, str]] = []

    def greeting(self) -> list[dict]:
        return [{"type": "hello", "token": self.token, "rev": self.revs.get(self.chat, 0)}]

    def address(self, chat: int) -> dict[str, int]:
        return {}

    def receive(self, frame: dict) -> None:
        super().receive(frame)
        if frame["type"] == "status":
            self.is_greeted = True
            self.state = frame["state"]
            self.states.append((time.monotonic(), frame["state"]))


class Agent(Client):
    """A tab of the desk, with the chats it has on display."""

    def __init__(self, crowd: Crowd, *, slug: str, watched: list[int] | None = None, **place: Any) -> None:
        super().__init__(crowd, path=f"/ws/desk/{slug}/?language=en", **place)
        self.watched = list(watched or [])
        self.desk: dict = {}

    def greeting(self) -> list[dict]:
        return [{"type": "watch", "chat": chat, "rev": self.revs.get(chat, 0)} for chat in self.watched]

    def watch(self, chat: int) -> None:
        self.watched.append(chat)
        self.tell("watch", chat=chat, rev=self.revs.get(chat, 0))

    @property
    def chats(self) -> set[int]:
        return set(self.desk.get("chats", ()))

    def receive(self, frame: dict) -> None:
        super().receive(frame)
        if frame["type"] == "desk":
            self.is_greeted = True
            self.desk = frame


def wait_until(true: Callable[[], Any], seconds: float = 10, *, otherwise: str | Callable[[], str] = "") -> float:
    """Returns how long it took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise AssertionError((otherwise() if callable(otherwise) else otherwise) or f"not within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - began


def wait_until_nothing_is_left(left: Callable[[], int], seconds: float, *, otherwise: Callable[[], str]) -> None:
    """Waits as long as it becomes less, each time within ``seconds``."""
    while before := left():
        wait_until(lambda before=before: left() < before, seconds, otherwise=otherwise)
