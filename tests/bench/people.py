"""The clients: customers, agents, and somebody who talks to an echo. They send and read the real frames."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from tests.bench import wire
from tests.bench.world import Desk, Guest

# What people write: short, in two languages, and now and then with something that is masked.
LINES = (
    "Hello, I ordered two weeks ago and nothing has come yet.",
    "안녕하세요, 주문한 상품이 아직 도착하지 않았어요.",
    "Let me have a look. Can you tell me the number of your order?",
    "It is in the mail that you sent: 2026-44871. See https://example.com/orders/44871",
    "네, 잠시만 기다려 주세요. 바로 확인해 드릴게요.",
    "Thank you!",
    "The parcel left our house on Tuesday; it should be there tomorrow.",
    "You can call me: 010-1234-5678.",
)
RETRY_S = 0.1  # after an error, such as too many messages at once
AT_ONCE, GREETING_S, CONNECT_S = 25, 10, 90


class Frame(Struct):
    """What the bench reads of a frame, whatever its type."""

    type: str
    chat: int = 0
    rev: int = 0
    client_id: str | None = None
    code: str = ""
    sent: int = 0


_decode = msgspec.json.Decoder(Frame).decode
_encode = msgspec.json.Encoder().encode
_numbers = itertools.count(1)


@dataclass
class Said:
    """A message on its way. It has arrived when its sender has the acknowledgement and the other side the text."""

    at: float
    place: "Place"
    sender: "Person"
    acknowledged: bool = False
    delivered: bool = False


@dataclass
class Tally:
    """What all clients of a measurement together sent and got."""

    arrived: int = 0
    latencies: list[float] = field(default_factory=list)  # seconds from send to delivery
    errors: Counter[str] = field(default_factory=Counter)
    pending: dict[str, Said] = field(default_factory=dict)
    then: Callable[["Place"], None] = lambda place: None  # called when a place's message has arrived

    def hear(self, person: "Person", frame: Frame) -> None:
        said = self.pending.get(frame.client_id or "")
        if said is None:
            return
        if frame.type == "ack" or (frame.type == "message" and person is said.sender):
            said.acknowledged = True  # one's own message on one's own socket says it as well
        elif frame.type == "send" or person is not said.sender:
            said.delivered = True
            said.acknowledged |= frame.type == "send"  # an echo is both
            self.latencies.append(time.perf_counter() - said.at)
        if said.acknowledged and said.delivered:
            del self.pending[frame.client_id or ""]
            self.arrived += 1
            self.then(said.place)

    def note_error(self, frame: Frame) -> None:
        self.errors[frame.code] += 1
        said = self.pending.pop(frame.client_id or "", None)
        if said is not None:
            asyncio.get_running_loop().call_later(RETRY_S, self.then, said.place)

    def begin_again(self) -> None:
        self.arrived = 0
        self.latencies.clear()


class Person:
    """One socket, and what its client knows: the last rev of every chat on display."""

    def __init__(self, tally: Tally, port: int, path: str, *, cookie: str = "") -> None:
        self.tally, self.port, self.path, self.cookie = tally, port, path, cookie
        self.revs: dict[int, int] = {}
        self.closed_with: int | None = None
        self.is_here = asyncio.Event()  # the server has answered the greeting

    async def connect(self) -> None:
        self.closed_with = None
        self.is_here.clear()
        self.wire = await wire.connect(
            self.port, self.path, on_text=self.read, on_close=self._closed, cookie=self.cookie
        )
        for frame in self.greeting():
            self.wire.send(frame)

    def greeting(self) -> list[bytes]:
        return []

    def read(self, text: bytes) -> None:
        frame = _decode(text)
        match frame.type:
            case "message":
                if frame.rev > self.revs.get(frame.chat, 0):
                    self.revs[frame.chat] = frame.rev
                self.tally.hear(self, frame)
            case "ack" | "send":
                self.tally.hear(self, frame)
            case "beat":
                self.wire.send(b'{"type":"beat","sent":%d}' % frame.sent)
            case "error":
                self.tally.note_error(frame)
            case "status" | "desk":
                self.is_here.set()

    def say(self, place: "Place") -> None:
        number = next(_numbers)
        client_id = f"00000000-0000-4000-8000-{number:012x}"
        self.tally.pending[client_id] = Said(time.perf_counter(), place, self)
        self.wire.send(self.frame(client_id, LINES[number % len(LINES)], place.chat_id))

    def frame(self, client_id: str, body: str, chat_id: int) -> bytes:
        return _encode({"type": "send", "client_id": client_id, "body": body, "chat": chat_id})

    def _closed(self, code: int) -> None:
        self.closed_with = code


class Talker(Person):
    """Talks to an echo."""


class Customer(Person):
    def __init__(self, tally: Tally, port: int, slug: str, guest: Guest) -> None:
        super().__init__(tally, port, f"/ws/chat/{slug}/?language=en")
        self.guest = guest

    def greeting(self) -> list[bytes]:
        hello = {"type": "hello", "token": self.guest.token, "rev": self.revs.get(self.guest.chat_id, 0)}
        return [_encode(hello)]


class Agent(Person):
    """Shows all of ``chat_ids`` at once: the bench wants the delivery of every message, not only its last line."""

    def __init__(self, tally: Tally, port: int, slug: str, cookie: str, chat_ids: list[int]) -> None:
        super().__init__(tally, port, f"/ws/desk/{slug}/?language=en", cookie=cookie)
        self.chat_ids = chat_ids

    def greeting(self) -> list[bytes]:
        watch = ({"type": "watch", "chat": chat, "rev": self.revs.get(chat, 0)} for chat in self.chat_ids)
        return [_encode(frame) for frame in watch]


class Place:
    """Where two people write in turns. Before an echo both are one."""

    def __init__(self, chat_id: int, first: Person, second: Person) -> None:
        self.chat_id, self.first, self.second = chat_id, first, second

    def next_line(self) -> None:
        self.first, self.second = self.second, self.first
        self.second.say(self)


@dataclass
class Crowd:
    people: Sequence[Person]
    places: list[Place] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    async def connect(self) -> None:
        """Everybody, some at a time, until they are greeted. It is not what is measured: who is refused tries again."""
        async with asyncio.timeout(CONNECT_S):
            for at in range(0, len(self.people), AT_ONCE):
                await asyncio.gather(*(_arrive(person) for person in self.people[at : at + AT_ONCE]))

    def leave(self) -> None:
        for person in self.people:
            person.wire.cut()


async def _arrive(person: Person) -> None:
    while True:
        with contextlib.suppress(OSError):
            async with asyncio.timeout(GREETING_S):
                await person.connect()
                if not isinstance(person, Talker):
                    await person.is_here.wait()
                return
        await asyncio.sleep(RETRY_S)


def visitors(desk: Desk, port: int, *, agents_port: int = 0) -> Crowd:
    """All of the desk, each customer with an agent; the agents elsewhere where they have a port of their own."""
    tally = Tally()
    slug, per_agent = desk.service.slug, -(-len(desk.guests) // len(desk.agents))
    customers = [Customer(tally, port, slug, guest) for guest in desk.guests]
    agents = [
        Agent(
            tally,
            agents_port or port,
            slug,
            cookie,
            [guest.chat_id for guest in desk.guests[n * per_agent : (n + 1) * per_agent]],
        )
        for n, cookie in enumerate(desk.cookies)
    ]
    places = [Place(c.guest.chat_id, c, agents[n // per_agent]) for n, c in enumerate(customers)]
    return Crowd([*agents, *customers], places, tally)


def talkers(port: int, number: int) -> Crowd:
    tally = Tally()
    people: list[Person] = [Talker(tally, port, "/") for _ in range(number)]
    return Crowd(people, [Place(n, person, person) for n, person in enumerate(people)], tally)
